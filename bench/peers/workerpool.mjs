/** exec() for each item, on two threads: it has no batches. */
import workerpool from 'workerpool';
import { fileURLToPath } from 'node:url';
import { items } from '../items.ts';
import { leaveMark } from '../marks.ts';
import { inFlight } from './in-flight.mjs';

const count = Number(process.env.BENCH_ITEMS);
const worker = fileURLToPath(new URL('workerpool-worker.mjs', import.meta.url));
const pool = workerpool.pool(worker, { minWorkers: 2, maxWorkers: 2, workerType: 'thread' });
await Promise.all([pool.exec('nothing', [null]), pool.exec('nothing', [null])]);

let done = 0;
leaveMark('first-yield');
await inFlight(items(count), 1000, async (item) => {
  await pool.exec('nothing', [item]);
  done++;
});
if (done !== count) throw new Error(`expected ${count} items, got ${done}`);
leaveMark('done');
await pool.terminate();
