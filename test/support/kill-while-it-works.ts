import type { Status } from '../../src/observability/status.ts';
import type { Project, Running } from './project.ts';

type Role = 'producer' | 'consumer';

/** The pid of a ready process with this role. */
export function pidOf({ processes }: Status, role: Role): number | undefined {
  return processes.find(({ who, state }) => who.role === role && state === 'ready')?.who.pid;
}

/**
 * Kills a process of the pipeline `rows` once more than `doneBefore` items are done. Resolves, when it is gone, to how many
 * were done.
 */
export async function killWhileItWorks(
  project: Project,
  running: Running,
  role: Role,
  doneBefore: number,
): Promise<number> {
  const status = await project.statusWhere(
    'rows',
    (now) => now.items.done > doneBefore && pidOf(now, role) !== undefined,
  );
  const pid = pidOf(status, role)!;
  process.kill(pid, 'SIGKILL');
  await running.logged('child.exited', (entry) => entry.pid === pid);
  return status.items.done;
}
