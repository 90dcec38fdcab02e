/**
 * Kills a child and everything it has started: each child leads its own process group, whose number is its pid. It is
 * fine if the child has already gone.
 */
export function killGroup(pid: number): void {
  // kill(0) and kill(-1) mean our own group and every process.
  if (!Number.isInteger(pid) || pid <= 1) throw new RangeError(`${pid} is not a child's process id`);
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // Darwin answers EPERM for a group that contains only zombies.
    if (code !== 'ESRCH' && code !== 'EPERM') throw error;
  }
}
