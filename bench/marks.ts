import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The directory in which the processes of one measured run leave their marks. */
export const marksVariable = 'BENCH_MARKS';

/** Nanoseconds of the monotonic clock, which on Linux and macOS all processes of a machine share. */
export function nowNs(): number {
  return Number(process.hrtime.bigint());
}

/** Leaves the time under `name`. The first process to leave it wins. */
export function leaveMark(name: string): void {
  leave(name, nowNs());
}

/** Records that this consumer has started. */
export function leaveReady(): void {
  leave(`ready.${process.pid}`, nowNs());
}

/**
 * Waits until that many consumers have started, so that start-up does not affect the speed that is measured. Blocks, so
 * that a source that calls it may be a plain generator.
 */
export function consumersReady(count: number): void {
  const directory = process.env[marksVariable];
  if (directory === undefined) return;
  const never = new Int32Array(new SharedArrayBuffer(4));
  while (readdirSync(directory).filter((name) => name.startsWith('ready.')).length < count)
    Atomics.wait(never, 0, 0, 5);
}

/** Leaves numbers under a name that is unique to this process. */
export function leaveNumbers(name: string, numbers: readonly number[]): void {
  leave(`${name}.${process.pid}`, numbers);
}

/** The marks of all processes, read into memory, so that their directory can be removed. */
export interface Left {
  /** When the mark `name` was left, in nanoseconds. Throws if no process left it. */
  mark: (name: string) => number;
  /** The numbers that all processes left under `name`. */
  numbers: (name: string) => number[];
}

export function readMarks(directory: string): Left {
  const left = new Map(readdirSync(directory).map((name) => [name, readFileSync(join(directory, name), 'utf8')]));
  return {
    mark(name) {
      const text = left.get(name);
      if (text === undefined) throw new Error(`no process left the mark "${name}"`);
      return JSON.parse(text) as number;
    },
    numbers(name) {
      const texts = [...left].filter(([file]) => file.startsWith(`${name}.`)).map(([, text]) => text);
      return texts.flatMap((text) => JSON.parse(text) as number[]);
    },
  };
}

function leave(name: string, value: unknown): void {
  const directory = process.env[marksVariable];
  if (directory === undefined) return;
  try {
    writeFileSync(join(directory, name), JSON.stringify(value), { flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}
