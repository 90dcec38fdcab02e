/**
 * Kills a child and whatever it has started: each child leads a process group of its own, whose number is its pid.
 * Gone already is fine.
 */
export function killGroup(pid: number): void {
  // kill(0) and kill(-1) mean ourselves and everybody.
  if (!Number.isInteger(pid) || pid <= 1) throw new RangeError(`${pid} is not a child's process id`);
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // Darwin answers EPERM for a group of which only zombies are left.
    if (code !== 'ESRCH' && code !== 'EPERM') throw error;
  }
}
