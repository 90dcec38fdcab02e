import type { ChildProcess } from 'node:child_process';

/** Has `child` told to end when this process ends: left behind, it would run beside whatever is measured next. */
export function endWithUs(child: ChildProcess, signal: NodeJS.Signals = 'SIGTERM'): void {
  const end = (): void => void child.kill(signal);
  process.once('exit', end);
  child.once('exit', () => process.off('exit', end));
}
