/**
 * Ends this process at once, and with it what it has started: a child leads a process group of its own. Only itself where
 * it does not lead one.
 */
export function killSelf(): void {
  try {
    process.kill(-process.pid, 'SIGKILL');
  } catch {
    process.kill(process.pid, 'SIGKILL');
  }
}
