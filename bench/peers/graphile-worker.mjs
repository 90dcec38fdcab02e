/** addJobs, and the options of its page on performance: a local queue, completions in batches. */
import { makeWorkerUtils, run } from 'graphile-worker';
import { items } from '../items.ts';
import {
  batches,
  consumerReady,
  count,
  countDone,
  isConsumer,
  measured,
  port,
  startConsumers,
} from './two-consumers.mjs';

const connectionString = `postgres://bench@127.0.0.1:${port}/postgres`;

if (isConsumer) {
  const preset = {
    worker: {
      connectionString,
      concurrentJobs: 24,
      maxPoolSize: 25,
      localQueue: { size: 500 },
      completeJobBatchDelay: 0,
      failJobBatchDelay: 0,
    },
  };
  await run({ preset, taskList: { item: () => countDone() } });
  consumerReady();
} else {
  const utils = await makeWorkerUtils({ connectionString });
  await utils.migrate();
  await measured(await startConsumers(), async () => {
    for (const batch of batches(items(count), 1000)) {
      await utils.addJobs(batch.map((payload) => ({ identifier: 'item', payload })));
    }
  });
}
