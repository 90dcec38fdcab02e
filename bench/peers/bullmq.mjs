/** addBulk, and workers with a concurrency factor; completed jobs are removed, as they are elsewhere. */
import { Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { consumerReady, countDone, isConsumer, port, produce } from './two-consumers.mjs';

const connection = new Redis({ host: '127.0.0.1', port, maxRetriesPerRequest: null });

if (isConsumer) {
  const worker = new Worker('bench', async () => countDone(), {
    connection,
    concurrency: 100,
    removeOnComplete: { count: 0 },
  });
  await worker.waitUntilReady();
  consumerReady();
} else {
  const queue = new Queue('bench', { connection, defaultJobOptions: { removeOnComplete: true } });
  await queue.obliterate({ force: true });
  await produce((batch) => queue.addBulk(batch.map((data) => ({ name: 'item', data }))));
}
