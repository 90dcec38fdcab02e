import type { ItemBytes } from '../items.ts';

/** The floor's task, passed to each of its processes as JSON. */
export interface Task {
  /** What the producer yields: customers as fast as it can, or a ping at intervals. */
  source: { kind: 'items'; count: number; bytes?: ItemBytes } | { kind: 'pings'; count: number };
  consumers: number;
  /** Where the consumers put results. */
  sink: { kind: 'discard' } | { kind: 'sqlite'; file: string };
  /** The queue's file. */
  spool: string;
}

/** The product's default settings. */
export const frameItems = 1024;
export const windowBytes = 4 * 1024 * 1024;
export const highItems = 100_000;

export function readTask(): Task {
  return JSON.parse(process.argv[2]!) as Task;
}
