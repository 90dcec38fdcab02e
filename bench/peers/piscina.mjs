/** run() for each item, on two threads: it has no batches. */
import { Piscina } from 'piscina';
import { items } from '../items.ts';
import { leaveMark } from '../marks.ts';
import { inFlight } from './in-flight.mjs';

const count = Number(process.env.BENCH_ITEMS);
const filename = new URL('piscina-worker.mjs', import.meta.url).href;
const pool = new Piscina({ filename, minThreads: 2, maxThreads: 2, concurrentTasksPerWorker: 16 });
await Promise.all([pool.run(null), pool.run(null)]);

let done = 0;
leaveMark('first-yield');
await inFlight(items(count), 1000, async (item) => {
  await pool.run(item);
  done++;
});
if (done !== count) throw new Error(`expected ${count} items, got ${done}`);
leaveMark('done');
await pool.destroy();
