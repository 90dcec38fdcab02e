import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import type { Doomed, Point } from './faults.ts';

export interface Trap {
  point: Point;
  /** The number of the sink, for points in the work of a sink. */
  sink: number;
  doomed: Doomed;
  /** The pid of the supervisor whose children are meant. By now, children of an earlier supervisor have another parent. */
  supervisor: number;
}

/** What the watched pipeline calls at each point of its work; `sink`: the number of the sink that it concerns. */
export type Door = (point: Point, sink?: number) => void;

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

/** Makes a door that does not return if a trap is set for that point. */
export function trapDoor(file: string, own: Pick<typeof process, 'pid' | 'ppid' | 'kill'> = process): Door {
  return (point, sink = 0) => {
    if (!existsSync(file)) return;
    const trap = read(file);
    if (trap?.point !== point || trap.sink !== sink) return;
    if (trap.supervisor !== own.ppid || !take(file)) return;
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
