import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import type { Doomed, Point } from './faults.ts';

interface Trap {
  point: Point;
  doomed: Doomed;
  /** The pid of the supervisor whose children are meant. By now, children of an earlier supervisor have another parent. */
  supervisor: number;
}

/** Sets a trap: the next child of the supervisor that reaches `point` springs it. */
export function layTrap(file: string, trap: Trap): void {
  writeFileSync(`${file}.new`, JSON.stringify(trap));
  renameSync(`${file}.new`, file);
}

/** Removes the trap. Returns false if it has been sprung. */
export function liftTrap(file: string): boolean {
  const isThere = take(file);
  rmSync(taken(file), { force: true });
  return isThere;
}

/** Makes the function that the watched pipeline calls at each point. It does not return if a trap is set for that point. */
export function trapDoor(
  file: string,
  own: Pick<typeof process, 'pid' | 'ppid' | 'kill'> = process,
): (point: Point) => void {
  return (point) => {
    if (!existsSync(file)) return;
    const trap = read(file);
    if (trap?.point !== point || trap.supervisor !== own.ppid || !take(file)) return;
    if (trap.doomed !== 'self') own.kill(trap.supervisor, 'SIGKILL');
    if (trap.doomed !== 'supervisor') own.kill(own.pid, 'SIGKILL');
  };
}

function read(file: string): Trap | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Trap;
  } catch {
    // Another process has just sprung it.
    return undefined;
  }
}

/** If several processes try, only one succeeds. */
function take(file: string): boolean {
  try {
    renameSync(file, taken(file));
    return true;
  } catch {
    return false;
  }
}

function taken(file: string): string {
  return `${file}.sprung`;
}

/** Whether the trap has not been sprung yet. */
export function isLaid(file: string): boolean {
  return existsSync(file);
}
