import { spawnSync } from 'node:child_process';

/** The descriptor at which a guard waits for the supervisor's end. */
export const guardFd = 4;

/**
 * A shell that starts a guard in the child's process group and then becomes the child. The guard waits for the end of a
 * pipe that only the supervisor holds open, and then kills the group: the kernel's death signal reaches only the child, and
 * the programs that it started would live on. The guard keeps no other descriptor of the child and leaves its directory.
 */
const script = `(cd /; exec sh -c 'read -r _ <&${guardFd}; kill -9 -"$0"' $$ 3>&- >/dev/null 2>&1) & exec "$@" ${guardFd}<&-`;

/**
 * The words to put before a child's command so that its whole group dies with the supervisor; only `deathSignal` where
 * there is no shell. Probed once.
 */
export function guardCommand(deathSignal: readonly string[] | undefined): readonly string[] | undefined {
  if (deathSignal === undefined) return undefined;
  const { status } = spawnSync('sh', ['-c', 'exit 0'], { stdio: 'ignore' });
  return status === 0 ? ['sh', '-c', script, 'millrace', ...deathSignal] : deathSignal;
}
