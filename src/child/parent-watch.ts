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

/**
 * Starts to watch `parent`, the `process.ppid` of this process's first moment: by now it may have changed already. It
 * does not keep the process alive.
 */
export function watchParent(parent: number): void {
  const worker = new Worker(watcher, {
    eval: true,
    workerData: parent,
    stdin: false,
    resourceLimits: { maxOldGenerationSizeMb: 8, maxYoungGenerationSizeMb: 2, stackSizeMb: 1 },
  });
  worker.unref();
  worker.on('error', () => undefined); // Without it the channel's end still ends an idle child.
}
