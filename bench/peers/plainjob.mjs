/** addMany; its workers take one job at a time. */
import Database from 'better-sqlite3';
import { better, defineQueue, defineWorker } from 'plainjob';
import { setImmediate as turn } from 'node:timers/promises';
import { consumerReady, countDone, isConsumer, produce } from './two-consumers.mjs';

const quiet = () => undefined;
const logger = { debug: quiet, info: quiet, warn: quiet, error: console.error };
const queue = defineQueue({ connection: better(new Database('plainjob.db', { timeout: 60_000 })), logger });

if (isConsumer) {
  const worker = defineWorker('item', async () => countDone(), { queue, logger, pollIntervall: 1 });
  consumerReady();
  await worker.start();
} else {
  await produce(async (batch) => {
    queue.addMany('item', batch);
    await turn();
  });
}
