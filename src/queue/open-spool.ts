import type { QueueStart } from '../core/queue-start.ts';
import type { Store } from './store.ts';
import type { Writers } from './writers.ts';

/** How the supervisors before this one ended. */
export interface Predecessors {
  /** How many in a row were killed since an item was settled. */
  uncleanStarts: number;
  /** The item that was on trial when the last one was killed. */
  trial: number | null;
}

/**
 * The place where a queue is kept, opened by one supervisor. No other process can open it at the same time. `Spool`
 * keeps it in a file, `MemorySpool` in memory.
 */
export interface OpenSpool {
  readonly store: Store;
  readonly writers: Writers;
  /** This start of a supervisor on the queue. */
  readonly start: QueueStart;
  readonly predecessors: Predecessors;
  /** Whether the last supervisor closed it. If not, that supervisor was killed. */
  readonly wasClean: boolean;
  /** Closes it cleanly. Idempotent. */
  close(): void;
  /** Closes it without another write, as a kill would. Idempotent. */
  abandon(): void;
}
