/**
 * The sink port: what a consumer needs of the place where results go.
 *
 * A pipeline holds a *sink specification* (`to.sqlite({ … })`): plain data that says which sink and how. Only a consumer
 * opens it. What it opens is a `SinkWriter`; its methods are called one at a time, never concurrently (`capture` aside).
 */
import type { Clock } from '../core/clock.ts';
import type { Interval, Intervals } from '../core/intervals.ts';
import type { QueueStart } from '../core/queue-start.ts';

/** Marks sink specifications, across copies of the package. */
export const sinkMark = Symbol.for('millrace.sink');

/** Only for the compiler: no object has it. */
declare const sinkTypes: unique symbol;

/**
 * How often an item's rows can get into the sink.
 *
 * `transaction`: rows, ledger and fence are one transaction. Exactly once.
 * `part`: each writer appends to a file of its own; bytes count only up to the length that was committed together with
 * the items. Exactly once.
 * `call`: the sink cannot tell what it has already had. At least once, with a key that stays the same.
 */
export type Delivery = 'transaction' | 'part' | 'call';

/**
 * What a pipeline says about its sink. `Row` is what the sink demands of a result, `Table` the properties that a result may
 * have, `Limit` the limits of the pipeline that the sink calls under.
 */
export interface Sink<in Row, in Table extends string = string, out Limit extends string = never> {
  readonly [sinkMark]: true;
  readonly [sinkTypes]?: {
    readonly row: (row: Row) => void;
    readonly table: (name: Table) => void;
    readonly limit: Limit;
  };
  readonly kind: string;
  readonly delivery: Delivery;
  /** Where it writes, for people: no secrets. */
  readonly target: string;
  /** The options that it was made with, checked; for code that opens a sink like it elsewhere. May hold secrets: never shown. */
  readonly options?: object;
  /**
   * Opens it. Anything heavy is imported here, not where the specification is made. A transactional sink waits for what
   * the same writer may have under way from an earlier opening, and bars what of it has not begun.
   */
  readonly open: (context: SinkContext) => Promise<SinkWriter<Row>>;
}

/** Another queue whose results of the same pipeline are in the sink. */
export interface OtherQueue {
  readonly queue: string;
  /** The directory that held it when it last changed the sink. */
  readonly directory: string;
}

/** What a sink is given when it is opened. */
export interface SinkContext {
  readonly run: string;
  /** This process's id: rising, never reused in the spool. */
  readonly writer: number;
  /** The pipeline's name. */
  readonly pipeline: string;
  /**
   * The queue that results come from. A transactional sink keeps two things by queue, and refuses (exit 78) an older copy
   * of it: the start that last changed the sink (`refuseOlderQueue`), and which seqs the ledger may have forgotten
   * (`refuseForgotten`, `refuseUnheardSeqs`).
   */
  readonly start: QueueStart;
  /** A transactional sink calls it when it opens, with other queues that wrote results of a pipeline of this name. */
  readonly onOtherQueues: (others: readonly OtherQueue[]) => void;
  /**
   * Results of this run have been here before. A transactional sink that knows nothing of the run is then not the one
   * that has them, and must refuse (exit 78); one that does not outlive its process cannot know.
   */
  readonly isKnown: boolean;
  /** Aborts when this writer is given up: it must let go of everything, and nothing that it still does counts. */
  readonly signal: AbortSignal;
  /** Whether this value of a column or field of this name is a secret, which no error may show. */
  readonly isSecret: (name: string, value: unknown) => boolean;
  /** For waits between attempts and for what is checked at most once in a while. */
  readonly clock: Clock;
  /** Runs `task` while no other process of this pipeline runs one under the same `name`; first come, first served. */
  readonly exclusive: <T>(name: string, task: () => T | Promise<T>) => Promise<T>;
  /** Hands bytes to the supervisor's standard output; resolves when they are with the operating system. */
  readonly writeOut: (bytes: Buffer) => Promise<void>;
}

/** Results of items, to be committed together. */
export interface Batch<Captured> {
  /** What `capture` has appended for them, in the order of the items. */
  readonly captured: readonly Captured[];
  /** The items that they belong to; an item without results is in here, too. */
  readonly seqs: Intervals;
}

export interface SinkWriter<in Row, Captured = unknown> {
  /**
   * Copies a row as it is now, including nested values: `process` may reuse the object for its next item. Appends any number
   * of entries to `captured` that a batch needs to write the row. They go into one list because an object per row would
   * live until the commit and cost the garbage collector more than the copy. The batch goes to this writer or to another
   * one from the same specification. This is the only synchronous method. It may be called at any time, also after `close`,
   * and never touches the target. An error that it throws makes the item a dead letter, so it should be a `BadRow` that
   * says what is wrong; entries appended by then are dropped.
   */
  capture(row: Row, captured: Captured[]): void;
  /**
   * Writes the batch. Transactional sinks: rows, ledger and fence check in one transaction; when it resolves, it is
   * on the disk, whatever the option `durability` says, for the queue forgets the items then; when it rejects, nothing
   * of it is there.
   * Rejects with a `BadRow` if a row is at fault, with `Fenced` if another process has barred this writer
   * (the consumer must exit without settling), with exit 78 if the ledger may have forgotten one of its items or a later
   * start has changed the sink, with `OutcomeUnknown` if the batch may be there all the same, now or
   * later (another writer is opened, and the ledger asked), with anything else if the sink is at fault (it will be tried
   * again).
   */
  commit(batch: Batch<Captured>): Promise<void>;
  /**
   * Bars these writers: when it resolves, none of them can commit anything any more. Idempotent. The caller itself, if
   * it is among them, is passed over: its calls come one at a time, so it has nothing open.
   * Resolves to the highest seq that the ledger has, or may have forgotten, as of then; 0 when it never had one.
   */
  fence(writers: readonly number[]): Promise<number>;
  /** Which of `from`…`to` the ledger has. Rejects (exit 78) if it may have forgotten one of them. */
  ask(from: number, to: number): Promise<Interval[]>;
  /**
   * Forgets ledger rows of this run that lie below `before` and contain none of `open`, and all of the runs in `drop`,
   * which cannot be this one. Remembers, in the same transaction, what it may have forgotten: see `Forgotten`. Idempotent.
   */
  prune(request: { before: number; open: readonly number[]; drop: readonly string[] }): Promise<void>;
  /** Lets go of everything. Idempotent. */
  close(): Promise<void>;
}

/** A row that the sink will never take: bisected out and dead-lettered alone. The message names table and column where they are known. */
export class BadRow extends Error {
  readonly code = 'BAD_ROW';
}

/** Another process has taken over what this one was lent. */
export class Fenced extends Error {
  readonly code = 'FENCED';
}

/** What was asked for may have been done, or may still be: whoever asked has to find out, and not with this writer. */
export class OutcomeUnknown extends Error {
  readonly code = 'OUTCOME_UNKNOWN';
}

/** The part of a writer that sinks without a ledger have in common: nothing to fence, nothing known. */
export const withoutLedger = {
  fence: (): Promise<number> => Promise.resolve(0),
  ask: (): Promise<Interval[]> => Promise.resolve([]),
  prune: (): Promise<void> => Promise.resolve(),
};

/** By code and not by class: a pipeline's own sink may use another copy of this package. */
export function isBadRow(error: unknown): boolean {
  return (error as { code?: unknown } | null)?.code === 'BAD_ROW';
}

export function isOutcomeUnknown(error: unknown): boolean {
  return (error as { code?: unknown } | null)?.code === 'OUTCOME_UNKNOWN';
}

export function isFenced(error: unknown): boolean {
  return (error as { code?: unknown } | null)?.code === 'FENCED';
}
