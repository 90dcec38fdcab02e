/**
 * Kills this process at once, together with its process group, which contains the programs that it started. Kills only
 * the process if it does not lead a group.
 */
export function killSelf(): void {
  try {
    process.kill(-process.pid, 'SIGKILL');
  } catch {
    process.kill(process.pid, 'SIGKILL');
  }
}
