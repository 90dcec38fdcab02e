/** exec() for each item, on two threads: it has no batches. */
import workerpool from 'workerpool';
import { fileURLToPath } from 'node:url';
import { measured } from './in-flight.mjs';

const worker = fileURLToPath(new URL('workerpool-worker.mjs', import.meta.url));
const pool = workerpool.pool(worker, { minWorkers: 2, maxWorkers: 2, workerType: 'thread' });
await Promise.all([pool.exec('nothing', [null]), pool.exec('nothing', [null])]);

await measured((item) => pool.exec('nothing', [item]));
await pool.terminate();
