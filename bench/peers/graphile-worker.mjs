/** addJobs, and the options of its page on performance: a local queue, completions in batches. */
import { makeWorkerUtils, run } from 'graphile-worker';
import { consumerReady, countDone, isConsumer, port, produce } from './two-consumers.mjs';

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
  await produce((batch) => utils.addJobs(batch.map((payload) => ({ identifier: 'item', payload }))));
}
