import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import type { Role } from './faults.ts';

export interface ChildProcess {
  pid: number;
  role: Role;
}

/** The live producer and consumers that the process `parent` has started. */
export function childrenOf(parent: number): ChildProcess[] {
  const all = process.platform === 'linux' ? fromProc(parent) : fromPs(parent);
  return all.flatMap(({ pid, command }) => {
    // Their own title once they are configured, and the file that they run until then.
    const [, role] = /\b(producer|consumer)(?:\.js\b| \d+$|$)/.exec(command) ?? [];
    return role === undefined ? [] : [{ pid, role: role as Role }];
  });
}

/** Sends a signal to a process if it still exists. */
export function sendSignal(pid: number, name: NodeJS.Signals): void {
  // 0 and negative numbers mean whole process groups, including ours.
  if (!Number.isSafeInteger(pid) || pid < 2) throw new RangeError(`expected the pid of a process, got ${pid}`);
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

interface Found {
  pid: number;
  command: string;
}

function fromProc(parent: number): Found[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'latin1');
      const [state, ppid] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      if (Number(ppid) !== parent || state === 'Z' || state === 'X') return [];
      const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
      return [{ pid: Number(name), command }];
    } catch {
      // It has ended meanwhile.
      return [];
    }
  });
}

function fromPs(parent: number): Found[] {
  const { stdout } = spawnSync('ps', ['-A', '-o', 'pid=,ppid=,command='], { encoding: 'utf8' });
  return stdout.split('\n').flatMap((line) => {
    const [, pid, ppid, command] = /^ *(\d+) +(\d+) (.*)$/.exec(line) ?? [];
    return Number(ppid) === parent ? [{ pid: Number(pid), command: command!.trim() }] : [];
  });
}
