/** saveAll, and the settings that its documentation names for throughput: no events, nothing stored of finished jobs. */
import Queue from 'bee-queue';
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

const settings = {
  redis: { host: '127.0.0.1', port },
  getEvents: false,
  sendEvents: false,
  storeJobs: false,
  removeOnSuccess: true,
  isWorker: isConsumer,
};
const queue = new Queue('bench', settings);
await queue.ready();

if (isConsumer) {
  queue.process(100, async () => countDone());
  consumerReady();
} else {
  await queue.destroy();
  await measured(await startConsumers(), async () => {
    for (const batch of batches(items(count), 1000)) await queue.saveAll(batch.map((item) => queue.createJob(item)));
  });
}
