/** run() for each item, on two threads: it has no batches. */
import { Piscina } from 'piscina';
import { measured } from './in-flight.mjs';

const filename = new URL('piscina-worker.mjs', import.meta.url).href;
const pool = new Piscina({ filename, minThreads: 2, maxThreads: 2, concurrentTasksPerWorker: 16 });
await Promise.all([pool.run(null), pool.run(null)]);

await measured((item) => pool.run(item));
await pool.destroy();
