/** insert, and fetch and complete of whole batches: its work() polls at most twice a second. */
import { setTimeout as pause } from 'node:timers/promises';
import PgBoss from 'pg-boss';
import { consumerReady, countDone, isConsumer, port, produce } from './two-consumers.mjs';

const boss = new PgBoss({
  connectionString: `postgres://bench@127.0.0.1:${port}/postgres`,
  supervise: false,
  schedule: false,
});
await boss.start();

if (isConsumer) {
  consumerReady();
  for (;;) {
    const jobs = await boss.fetch('bench', { batchSize: 1000 });
    if (jobs.length > 0) {
      await boss.complete(
        'bench',
        jobs.map(({ id }) => id),
      );
      countDone(jobs.length);
    } else await pause(1);
  }
} else {
  await boss.createQueue('bench');
  await boss.purgeQueue('bench');
  await produce((batch) => boss.insert(batch.map((data) => ({ name: 'bench', data }))));
}
