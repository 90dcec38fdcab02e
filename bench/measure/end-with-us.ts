import type { ChildProcess } from 'node:child_process';

/** Ends `child` when this process ends. Otherwise it would keep running and disturb the next measurement. */
export function endWithUs(child: ChildProcess, signal: NodeJS.Signals = 'SIGTERM'): void {
  const end = (): void => void child.kill(signal);
  process.once('exit', end);
  child.once('exit', () => process.off('exit', end));
}
