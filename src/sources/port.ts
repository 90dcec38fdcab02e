/**
 * The source port: what the producer needs from the place where items come from.
 *
 *     specification   what a pipeline file holds (`from.csv({ … })`): says which source and how. Nothing is open.
 *     open source     what the producer opens: it reads, and hears what happened to the items that it has read.
 *
 * A source hands over *chunks*, each with the cursor as of its last item. A chunk holds items, or *raw records*: bytes
 * as they were read and the positions where records end. The producer then only finds the ends. The records are stored
 * as they are, and a consumer decodes a run of them at once with the function that the specification's `openDecoder`
 * returns.
 *
 * A generator function or anything iterable is a source as well; it is read item by item and does not need this port.
 */
import { PermanentError } from '../core/errors.ts';
import type { Clock } from '../core/clock.ts';
import type { KnownColumns } from '../core/known-columns.ts';
import type { Meta, Place } from '../frame/records.ts';
import type { SourceContext } from '../pipeline/context.ts';
import type { Text } from '../values/text.ts';

export type { Meta, Place } from '../frame/records.ts';

/** Marks source specifications, across copies of the package. */
export const sourceMark = Symbol.for('millrace.source');

/**
 * How a source resumes after a restart. `by cursor`: it opens at a cursor that it reported before. `by count`: it
 * starts over and the stored items are skipped. `not`: what was read before is gone or comes again by itself; nothing
 * is skipped.
 */
export type Resumes = 'by cursor' | 'by count' | 'not';

/**
 * What a pipeline says about its source. `Item` is what `process` gets; `Limit` names a limit that the source calls
 * under.
 */
export interface SourceSpec<out Item = unknown, out Limit extends string = never> {
  /** True at run time; the types exist for the compiler only. */
  readonly [sourceMark]: { readonly item: Item; readonly limit: Limit };
  readonly kind: string;
  /** Where it reads, for people: params and secrets in it are shown by their names. */
  readonly target: Text;
  /**
   * The options as they were given: when the pipeline file is loaded, a param in them that the pipeline does not declare is
   * found, with the name of its option. May hold secrets: never shown.
   */
  readonly options?: object;
  /**
   * What the options say about the properties of items. If items go to the sink unchanged, a sink that needs other
   * properties is found when the pipeline file is loaded.
   */
  readonly columns?: KnownColumns;
  readonly resumes: Resumes;
  /** Whether the open source has `settled`: then a producer exists until the last `settled` has been confirmed. */
  readonly settles: boolean;
  /**
   * False if it may yield different items the next time: after a restart nothing is skipped, and items after the last
   * stored cursor may come twice. Default: true, or false if it resumes `not`.
   */
  readonly deterministic?: boolean | undefined;
  /** True if it never ends by itself: the run ends only when it is stopped. Default: false. */
  readonly endless?: boolean | undefined;
  /**
   * Opens it in the producer. Import anything heavy here, not where the specification is made. Opening must not consume
   * anything: a producer may open a source that has ended, only for its `settled`. If the service stops meanwhile,
   * `signal` aborts and the stop waits for `open`: reject, or resolve; a source that it resolves to is closed.
   */
  readonly open: (context: OpenContext) => OpenSource | Promise<OpenSource>;
  /**
   * Required if it yields raw records. Called once in each consumer, before its first item: import the code that parses
   * records here, not where the specification is made.
   */
  readonly openDecoder?: ((context: DecoderContext) => DecoderOf | Promise<DecoderOf>) | undefined;
  /**
   * What happens to a record that cannot be decoded: it becomes a dead letter (`dead`, the default), or it ends the run
   * with exit 78.
   */
  readonly onBadRecord?: 'dead' | 'fail' | undefined;
  /**
   * Checks the real source without consuming anything. No command calls this yet; the contract does. Resolves to lines
   * for people; rejects with the problem.
   */
  readonly check?: ((context: CheckContext) => Promise<readonly string[]>) | undefined;
}

/** The context in which a source is opened. */
export interface OpenContext extends Omit<SourceContext, 'checkpoint'> {
  /**
   * The cursor to resume after: the last one that was stored; undefined at the start of a run. The engine skips items
   * after it that are already stored.
   */
  readonly cursor: unknown;
  /** Another process of this run has opened this source before. */
  readonly isReopened: boolean;
  /** The longest item or raw record, in bytes, that the queue accepts. A connector's own limit may be smaller. */
  readonly maxItemBytes: number;
  readonly clock: Clock;
  /** Fills params and secrets into an option that is `Text`. Throws if a value is missing. */
  readonly resolve: (text: Text) => string;
}

/** The context of a source's `check`. */
export type CheckContext = Pick<OpenContext, 'signal' | 'log' | 'fetch' | 'limit' | 'clock' | 'resolve' | 'params'>;

/** The context of `openDecoder`. */
export interface DecoderContext {
  /** Whether this value of a column or field of this name is a secret, which no error may show. */
  readonly isSecret: (name: string, value: unknown) => boolean;
}

/** An open source. Its methods are never called after `close`. */
export interface OpenSource {
  /**
   * Yields chunks until the source has ended. Called at most once. The next chunk is requested only when there is space
   * for it, which throttles the source; a source that has waited long yields a chunk without items first, to hear whether
   * there is still space. At a stop, the iterator's `return` is called.
   */
  read(): Iterable<Chunk> | AsyncIterable<Chunk>;
  /**
   * Everything up to this cursor is committed to the queue: the source may forget it (acknowledge a message, answer a
   * webhook). In order; each cursor at most once; may skip to the newest. Called while `read` is running, one call at a
   * time. If it throws, the producer fails and is replaced; the call is not repeated.
   */
  stored?(cursor: unknown): void | Promise<void>;
  /**
   * Everything up to this cursor is settled: done, or a dead letter (move or delete a file). In order; may skip to the
   * newest; repeated after every start until it has returned once and that has been committed. So it must be harmless
   * to repeat: "source gone, target present" means done. Called one at a time, also while `read` is running, and also
   * in a process that never calls `read`. Needs `settles: true`.
   */
  settled?(cursor: unknown): void | Promise<void>;
  /** Releases everything. Called once, after the last `stored` and `settled`; not if the process is killed. */
  close?(): void | Promise<void>;
}

export type Chunk = ItemChunk | RecordChunk;

/** Items, in order. They are copied when the chunk is taken; the source may reuse the objects afterwards. */
export interface ItemChunk {
  readonly items: readonly unknown[];
  /**
   * The position of the source after the last item: plain data, at most 1 MiB as JSON. It also covers everything
   * before. If omitted, the position is unchanged, and items are counted from the last one. A chunk without items may
   * carry one.
   */
  readonly cursor?: unknown;
}

/** Raw records, as they were read. `bytes` belong to the engine from now on: the source must not write into them again. */
export interface RecordChunk {
  readonly bytes: Buffer;
  /**
   * Where each record ends in `bytes`, rising. A record includes its line end, so none is empty; the first begins at 0, and
   * the last ends where `bytes` end.
   */
  readonly ends: ArrayLike<number>;
  /**
   * Everything that is needed to decode these records. Chunks with the same object (not only an equal one) cost the
   * least.
   */
  readonly meta: Meta;
  /** Where `bytes` begin in their file. Left out by a source without files. */
  readonly at?: Place | undefined;
  /**
   * For a record that is longer than `maxItemBytes`, in a chunk of its own: its true length, in bytes. `bytes` then hold its
   * first `oversizedBytes`. It is not decoded; it becomes a dead letter.
   */
  readonly length?: number | undefined;
  /** As in an ItemChunk. */
  readonly cursor?: unknown;
}

/** How much of an oversized record is kept, in bytes. */
export const oversizedBytes = 64 * 1024;

/** Consecutive raw records that share a meta. */
export interface RecordRun {
  readonly bytes: Buffer;
  /** Where each record ends in `bytes`; the first begins at 0. */
  readonly ends: Uint32Array;
}

/**
 * Returns a function that decodes records that were read with this `meta`. Called once for each meta; must accept every
 * meta that an earlier version of the source has written.
 */
export type DecoderOf = (meta: Meta) => RecordDecoder;

/**
 * Decodes a run of records: returns one item per record, or a RecordError in place of a malformed record. An error that
 * it throws is blamed on a record only if that record also fails alone. Items should not keep the run's text alive.
 */
export type RecordDecoder = (run: RecordRun) => readonly unknown[];

const recordErrorMark = Symbol.for('millrace.record-error');

/** A record that cannot be decoded: it becomes a dead letter, which shows its file, line, byte and text. */
export class RecordError extends PermanentError {
  readonly [recordErrorMark] = true;
  readonly code = 'RECORD';
  /** It ends the run instead of becoming a dead letter: see `onBadRecord`. */
  readonly endsRun: boolean;
  constructor(message: string, { endsRun = false, ...options }: ErrorOptions & { endsRun?: boolean } = {}) {
    super(message, options);
    this.name = 'RecordError';
    this.endsRun = endsRun;
    // Its stack says nothing about the record, and there may be many.
    delete this.stack;
  }
}

/** By a mark, not by class: a connector may use another copy of this package. */
export function isRecordError(value: unknown): value is RecordError {
  return typeof value === 'object' && value !== null && recordErrorMark in value;
}

/** Makes a specification. Nothing is opened or checked. */
export function defineSource<Item, Limit extends string = never>(
  spec: Omit<SourceSpec, typeof sourceMark>,
): SourceSpec<Item, Limit> {
  return { ...spec, [sourceMark]: true as never };
}

/** Whether `value` is a specification, made with this copy of the package or another one. */
export function isSourceSpec(value: unknown): value is SourceSpec<unknown, string> {
  return typeof value === 'object' && value !== null && sourceMark in value;
}

/** Whether the source of a pipeline yields the same items each time, so that stored ones can be skipped by count. */
export function isDeterministic({
  source,
  deterministic = true,
}: {
  source: unknown;
  deterministic?: boolean | undefined;
}): boolean {
  if (!deterministic || !isSourceSpec(source)) return deterministic;
  return source.deterministic ?? source.resumes !== 'not';
}
