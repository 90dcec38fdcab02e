/** saveAll, and the settings that its documentation names for throughput: no events, nothing stored of finished jobs. */
import Queue from 'bee-queue';
import { consumerReady, countDone, isConsumer, port, produce } from './two-consumers.mjs';

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
  await produce((batch) => queue.saveAll(batch.map((item) => queue.createJob(item))));
}
