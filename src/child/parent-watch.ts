import { Worker } from 'node:worker_threads';

/**
 * Where nothing else kills a child's group with its supervisor (see supervision/posts/group-guard.ts), a small thread does.
 * The main thread may be in a busy loop and never notice that its channel has closed.
 */
const watcher = `
  const { workerData } = require('node:worker_threads');
  setInterval(() => {
    if (process.ppid === workerData) return;
    // Its whole group, which it leads.
    try { process.kill(-process.pid, 'SIGKILL'); } catch { process.kill(process.pid, 'SIGKILL'); }
  }, 250);
`;

/**
 * Starts to watch `parent`, the `process.ppid` from the first moment of this process: it may have changed by now. It
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
  worker.on('error', () => undefined); // Without it, an idle child still ends when its channel closes.
}
