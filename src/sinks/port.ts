/**
 * The sink port: what a consumer needs from the place where results go.
 *
 * A pipeline holds a *sink specification* (`to.sqlite({ … })`): plain data that says which sink and how. Only a
 * consumer opens it, and gets a `SinkWriter`. Its methods, except `capture`, are called one at a time, never
 * concurrently.
 */
import type { Clock } from '../core/clock.ts';
import { MillraceError } from '../core/errors.ts';
import type { Interval, Intervals } from '../core/intervals.ts';
import type { ColumnProblem, KnownColumns } from '../core/known-columns.ts';
import type { QueueStart } from '../core/queue-start.ts';
import type { Text } from '../values/text.ts';

/** Marks sink specifications, across copies of the package. */
export const sinkMark = Symbol.for('millrace.sink');

/** Only for the compiler: no object has it. */
declare const sinkTypes: unique symbol;

/**
 * How often an item's rows can get into the sink.
 *
 * `transaction`: rows, ledger and fence are one transaction. Exactly once. `part`: each writer appends to its own file;
 * bytes count only up to the length that was committed together with the items. Exactly once. `call`: the sink does not
 * know which items it already has. At least once, with a key that stays the same.
 */
export type Delivery = 'transaction' | 'part' | 'call';

/**
 * What a pipeline says about its sink. `Row` is what the sink requires of a result, `Table` the properties that a
 * result may have, `Limit` the limits of the pipeline that the sink calls under.
 */
export interface Sink<in Row, in Table extends string = string, out Limit extends string = never> {
  readonly [sinkMark]: true;
  readonly [sinkTypes]?: {
    readonly row: (row: Row) => void;
    readonly table: (name: Table) => void;
    readonly limit: Limit;
  };
  readonly kind: string;
  /**
   * Distinguishes the sink from others whose results are in the same place. Ledger rows, parts and dead letters carry
   * it, so it must stay the same for as long as the results do. Default: its kind.
   */
  readonly id?: string;
  readonly delivery: Delivery;
  /** Where it writes, for people: params and secrets in it are shown by their names. */
  readonly target: Text;
  /**
   * The checked options with which it was made, for code that opens a similar sink elsewhere. A param in them that the
   * pipeline does not declare is found when the pipeline file is loaded. May hold secrets: never shown.
   */
  readonly options?: object;
  /** The properties of a result from which it takes rows; undefined if it takes the whole result. */
  readonly tables?: readonly string[];
  /**
   * Finds options that rows with these columns can never satisfy, and says why. Called when the pipeline file is
   * loaded, if the items of the source go to the sink as they are.
   */
  readonly columnProblems?: (columns: KnownColumns) => readonly ColumnProblem[];
  /** A place that only one transaction at a time can write to: sinks of `to.all` cannot share it. */
  readonly lockedPlace?: string;
  /** For `to.all`: the sinks that each get every result. Such a sink is never opened itself. */
  readonly sinks?: readonly AnySink[];
  /**
   * Opens it. Import anything heavy here, not where the specification is made. A transactional sink waits for
   * transactions that the same writer has open from an earlier opening, and bars those that it has not begun.
   */
  readonly open: (context: SinkContext) => Promise<SinkWriter<Row>>;
  /**
   * Finishes a run, for example by publishing files. It is called once every item is settled and all writers have
   * ended, in a separate process. It is repeated until it resolves, also after a crash, so it must be harmless to
   * repeat. Its input, such as the files of the parts, must stay until the next run starts: a dead letter that is given
   * back opens a finished run again, and then it is called again with more results. Rejects with a MillraceError with
   * an exit code (`fatal`) if repeating cannot help.
   */
  readonly finish?: (context: FinishContext) => Promise<void>;
}

/** The context in which a sink finishes a run. */
export interface FinishContext extends Pick<
  SinkContext,
  'run' | 'sink' | 'pipeline' | 'clock' | 'signal' | 'resolve' | 'isSecret'
> {
  /** Where each writer's part ends, for sinks of delivery `part`. Bytes after that do not count. */
  readonly parts: readonly { readonly writer: number; readonly part: unknown }[];
}

/** Makes a specification. Nothing is opened or checked. */
export function defineSink<Row, Table extends string = string, Limit extends string = never>(
  spec: Omit<Sink<Row, Table, Limit>, typeof sinkMark | typeof sinkTypes>,
): Sink<Row, Table, Limit> {
  return { ...spec, [sinkMark]: true };
}

/** A sink for any type of result. */
export type AnySink = Sink<never, never, string>;

/** Whether `value` is a specification of a sink, made with this copy of the package or another one. */
export function isSink(value: unknown): value is AnySink {
  return typeof value === 'object' && value !== null && sinkMark in value;
}

/** Another queue whose results of the same pipeline are in the sink. */
export interface OtherQueue {
  readonly queue: string;
  /** The directory that held it when it last changed the sink. */
  readonly directory: string;
}

/** The context in which a sink is opened. */
export interface SinkContext {
  readonly run: string;
  /** The id of this process: rising, never reused within a queue. */
  readonly writer: number;
  /** The sink's id. */
  readonly sink: string;
  /** The pipeline's name. */
  readonly pipeline: string;
  /**
   * The queue that results come from. A transactional sink keeps two things per queue, and refuses (exit 78) an older
   * copy of it: the start that last changed the sink, and the seqs that the ledger may have forgotten (src/ledger).
   */
  readonly start: QueueStart;
  /**
   * A transactional sink calls this when it opens, with other queues that wrote results of a pipeline with this name.
   */
  readonly onOtherQueues: (others: readonly OtherQueue[]) => void;
  /**
   * The sink already has results of this run. A transactional sink that has no record of the run is then the wrong one,
   * and must refuse (exit 78). A sink that does not outlive its process cannot know.
   */
  readonly isKnown: boolean;
  /**
   * Where this writer's part ended when it last wrote, if this is not its first opening: anything after that does not
   * count. Only for delivery `part`.
   */
  readonly part: unknown;
  /** The properties of a result that other sinks of the pipeline take rows from; 'any' if one of them takes whole results. */
  readonly otherTables: readonly string[] | 'any';
  /** Aborts when this writer is given up. It must release everything, and anything that it still does is ignored. */
  readonly signal: AbortSignal;
  /** Whether this value of a column or field of this name is a secret, which no error may show. */
  readonly isSecret: (name: string, value: unknown) => boolean;
  /** Fills params and secrets into an option that is `Text`. Throws if a value is missing. */
  readonly resolve: (text: Text) => string;
  /** For waits between attempts, and for occasional checks. */
  readonly clock: Clock;
  /** Runs `task` while no other process of this pipeline runs one under the same `name`; first come, first served. */
  readonly exclusive: <T>(name: string, task: () => T | Promise<T>) => Promise<T>;
  /** Sends results to the program that runs the service, for `to.results()`. */
  readonly toProgram: {
    /** Copies a row for `send`. Throws a BadRow if it cannot be carried. */
    encode: (row: unknown) => unknown;
    send: (batch: Batch) => void;
  };
  /** Writes bytes to the supervisor's standard output; resolves when the operating system has them. */
  readonly writeOut: (bytes: Buffer) => Promise<void>;
}

/** Results of items that are written together. An item without results is included. */
export interface Batch<Captured = unknown> {
  /** The items' seqs, as a set. */
  readonly items: Intervals;
  /** The same in the order in which the items were completed. */
  readonly seqs: readonly number[];
  /**
   * The entries that `capture` has appended for them, one item after the other: those of item `i` end before `ends[i]`.
   */
  readonly captured: readonly Captured[];
  readonly ends: readonly number[];
  /** The key of item `i`: the same whenever this item is written again, even after it was a dead letter. */
  readonly keyOf: (i: number) => string;
}

/** The outcome of a batch, if not all of it is in the sink. By seq; each error may be any value. */
export interface Outcome {
  /** Delivery `call`: items that the sink will never accept. */
  readonly refused?: ReadonlyMap<number, unknown>;
  /**
   * Delivery `call`: items that the sink did not accept for a reason that may pass. Only these are sent to it again.
   */
  readonly again?: ReadonlyMap<number, unknown>;
  /** Delivery `part`: where the writer's part ends now, as plain data. The bytes before it are on the disk. */
  readonly part?: unknown;
}

/** A batch that is written, but not committed. One of the two methods is called, once. */
export interface Prepared {
  /** Rejects as `SinkWriter.commit` does. */
  readonly commit: () => Promise<void>;
  readonly rollback: () => Promise<void>;
}

export interface PruneRequest {
  readonly before: number;
  readonly open: readonly number[];
  readonly drop: readonly string[];
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
   * Writes the batch. Transactional sinks: rows, ledger and fence check in one transaction. When it resolves, the batch
   * is on the disk, regardless of the option `durability`, because the queue then forgets the items; when it rejects,
   * nothing of it is there. Sinks of delivery `part`: when it resolves, the rows are on the disk. Rejects with an error
   * whose `failure` says what to do next (`sinkFailureOf`). With 'row', nothing of the batch is in the sink, and its
   * halves are tried.
   */
  commit(batch: Batch<Captured>): Promise<Outcome | void>;
  /**
   * The first half of `commit`, for sinks of `to.all` that must wait for each other. Rejects as `commit` does. A
   * transactional sink without it can only be the last of several.
   */
  prepare?(batch: Batch<Captured>): Promise<Prepared>;
  /**
   * Bars these writers: when it resolves, none of them can commit anything any more. Idempotent. The caller itself is
   * skipped if it is among them: its calls come one at a time, so it has nothing open. Resolves to the highest seq that
   * the ledger has, or may have forgotten, at that time; 0 if it never had one.
   */
  fence(writers: readonly number[]): Promise<number>;
  /** Which of `from`…`to` the ledger has. Rejects (exit 78) if it may have forgotten one of them. */
  ask(from: number, to: number): Promise<Interval[]>;
  /**
   * Forgets ledger rows of this run that are below `before` and contain none of `open`, and all rows of the runs in
   * `drop`, which cannot be this one. Records, in the same transaction, what it may have forgotten. Idempotent.
   */
  prune(request: PruneRequest): Promise<void>;
  /**
   * Releases everything. Idempotent. A writer that took too long is closed while it works: what it has prepared is rolled
   * back, because its successor would wait for that.
   */
  close(): Promise<void>;
}

/** The methods that all sinks without a ledger share: they have nothing to fence, and know no items. */
export const withoutLedger = {
  fence: (): Promise<number> => Promise.resolve(0),
  ask: (): Promise<Interval[]> => Promise.resolve([]),
  prune: (): Promise<void> => Promise.resolve(),
};

/**
 * Why an operation of a sink failed, which decides what comes next.
 *
 * `row`: a row is at fault, and waiting does not help. It is found by halving the batch, and becomes a dead letter.
 * `unreachable`: nothing was done. Wait, open another writer, and do it again. `unknown`: it may have been done, or may
 * still be done. Open another writer, ask the ledger, and write again what is missing. `fenced`: another process has
 * barred this writer. The process ends and settles nothing. `fatal`: waiting does not help, and no row is at fault. The
 * service ends.
 */
export type SinkFailure = 'row' | 'unreachable' | 'unknown' | 'fenced' | 'fatal';

const failures: readonly unknown[] = ['row', 'unreachable', 'unknown', 'fenced', 'fatal'] satisfies SinkFailure[];

/** Recognised by a property, not by class: a sink may use another copy of this package, or none. */
export function sinkFailureOf(error: unknown): SinkFailure {
  const { failure } = Object(error) as { failure?: unknown };
  if (failures.includes(failure)) return failure as SinkFailure;
  return error instanceof MillraceError ? 'fatal' : 'unreachable';
}

/**
 * A row that the sink will never accept: found by bisection, and only its item becomes a dead letter. The message names
 * table and column where they are known.
 */
export class BadRow extends Error {
  readonly failure = 'row';
  readonly code = 'BAD_ROW';
}

/** The sink is unreachable, or accepts nothing now. */
export class Unreachable extends Error {
  readonly failure = 'unreachable';
  readonly code: string;

  constructor(message: string, { code = 'SINK_UNREACHABLE', cause }: { code?: string; cause?: unknown } = {}) {
    super(message, { cause });
    this.code = code;
  }
}

/** The operation may have been done, or may still be done. */
export class OutcomeUnknown extends Error {
  readonly failure = 'unknown';
  readonly code = 'OUTCOME_UNKNOWN';
}

/** Another process has taken over this one's items. */
export class Fenced extends Error {
  readonly failure = 'fenced';
  readonly code = 'FENCED';
}

/** The sink's id. */
export function sinkId({ id, kind }: Pick<AnySink, 'id' | 'kind'>): string {
  return id ?? kind;
}
