/**
 * The ledger port: what the rules in ledger.ts need from the place where a transactional sink keeps its records. Each
 * method is one statement. Every row belongs to one sink, queue and run; rows of other sinks in the same place are
 * never seen.
 *
 *     millrace_ledger   sink, run, from_seq, to_seq               items whose results are in the sink, as disjoint runs of seqs
 *     millrace_writer   sink, run, writer, session, generation    who may commit: session -1 is barred
 *     millrace_start    sink, queue, …                            which start of a queue wrote here last, and what the ledger
 *                                                                 may have forgotten of it
 *
 * All methods but `queue` and `within` are called inside a transaction that the sink has begun, and that it rolls back
 * if one of them rejects.
 */
import type { Interval, Intervals } from '../core/intervals.ts';
import type { OtherQueue } from '../sinks/port.ts';
import type { Forgotten } from './forgotten.ts';
import type { SeenStart } from './older-queue.ts';

type Awaitable<T> = T | Promise<T>;

/** What the sink knows about a queue that has written to it. */
export interface KnownQueue extends SeenStart {
  readonly forgotten: Forgotten;
  readonly pipeline: string;
  readonly directory: string;
}

export interface LedgerTables {
  /** Where they are, for messages. */
  readonly place: string;
  /** False if they do not outlive the process. Then a missing run is no error. */
  readonly isLasting: boolean;

  queue(id: string): Awaitable<KnownQueue | undefined>;
  /** Inserts the queue's row, or replaces it. */
  saveQueue(id: string, queue: KnownQueue): Awaitable<void>;
  /** Up to ten other queues that have written the results of this pipeline. */
  otherQueues(pipeline: string, id: string): Awaitable<OtherQueue[]>;

  /** Whether any writer of the run has ever registered, or been barred. */
  knowsRun(run: string): Awaitable<boolean>;
  /**
   * Inserts the writer's row with session 0, or raises its session by one. Waits for a transaction that has changed the
   * row. Undefined, without a change, if the writer is barred.
   */
  register(run: string, writer: number, generation: number): Awaitable<number | undefined>;
  /**
   * Updates the writer's row. Waits for a transaction that has changed the row. False if it does not have this session.
   */
  touch(run: string, writer: number, session: number): Awaitable<boolean>;
  /** Sets the session to -1. Inserts the row if there is none. Waits for a transaction that has changed it. */
  bar(run: string, writer: number, generation: number): Awaitable<void>;

  /** The highest seq of the run, 0 if there is none. */
  highest(run: string): Awaitable<number>;
  /** The parts of `from`…`to` that are on record. */
  within(run: string, from: number, to: number): Awaitable<Interval[]>;
  /** One of `items` that is on record, as an interval; undefined if none is. */
  overlap(run: string, items: Intervals): Awaitable<Interval | undefined>;
  insert(run: string, items: Intervals): Awaitable<void>;
  /** Deletes the rows that lie above `after` and below `before`. */
  deleteBetween(run: string, after: number, before: number): Awaitable<void>;
  /** Deletes all rows of the run, those of its writers too. */
  drop(run: string): Awaitable<void>;
}
