import { Worker } from 'node:worker_threads';

/**
 * Where the kernel does not kill a child with its supervisor, a small thread watches for that: the main thread may be
 * in a busy loop and never notice that its channel has closed.
 */
const watcher = `
  const { workerData } = require('node:worker_threads');
  setInterval(() => {
    if (process.ppid !== workerData) process.kill(process.pid, 'SIGKILL');
  }, 250);
`;

/** Starts the watch. It does not keep the process alive. */
export function watchParent(): void {
  const worker = new Worker(watcher, {
    eval: true,
    workerData: process.ppid,
    stdin: false,
    resourceLimits: { maxOldGenerationSizeMb: 8, maxYoungGenerationSizeMb: 2, stackSizeMb: 1 },
  });
  worker.unref();
  worker.on('error', () => undefined); // Without it the channel's end still ends an idle child.
}
