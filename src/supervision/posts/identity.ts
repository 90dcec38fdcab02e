import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import type { ProcessIdentity } from '../../queue/writers.ts';

/**
 * What distinguishes the process `pid` from a later one with the same number; undefined if there is no such process.
 */
export function identify(pid: number): ProcessIdentity | undefined {
  return process.platform === 'linux' ? fromProc(pid) : fromPs(pid);
}

/**
 * The live processes of the group that `leader` led, in their own session, as children are: programs that it has
 * started, and the leader itself. Empty where there is no /proc.
 */
export function membersOf(leader: number): ProcessIdentity[] {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const found = statOf(Number(name));
      return found?.group === leader && found.session === leader ? [identityOf(found)] : [];
    });
}

interface Stat {
  pid: number;
  group: number;
  session: number;
  started: string | null;
}

function fromProc(pid: number): ProcessIdentity | undefined {
  const stat = statOf(pid);
  return stat && identityOf(stat);
}

function identityOf({ pid, started }: Stat): ProcessIdentity {
  return { pid, started, boot: bootId() };
}

function statOf(pid: number): Stat | undefined {
  try {
    // The command's name, in parentheses, may hold anything; the fields after it do not. See proc_pid_stat(5).
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const state = fields[0];
    // A zombie has ended: it only waits for its parent to collect it.
    if (state === 'Z' || state === 'X') return undefined;
    return { pid, group: Number(fields[2]), session: Number(fields[3]), started: fields[19] ?? null };
  } catch {
    return undefined;
  }
}

/** The identity of the machine's boot; null where it cannot be known. */
export function bootId(): string | null {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
  } catch {
    return null;
  }
}

function fromPs(pid: number): ProcessIdentity | undefined {
  const { status, stdout } = spawnSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' });
  return status === 0 ? { pid, started: stdout.trim(), boot: null } : undefined;
}

/**
 * The command that makes the kernel kill what it starts as soon as its parent dies, if the system has one. Probed
 * once, because a container may forbid it.
 */
export function deathSignalCommand(): readonly string[] | undefined {
  if (process.platform !== 'linux') return undefined;
  const command = ['setpriv', '--pdeathsig', 'KILL'] as const;
  const { status } = spawnSync(command[0], [...command.slice(1), 'true'], { stdio: 'ignore' });
  return status === 0 ? command : undefined;
}
