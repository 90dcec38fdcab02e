/**
 * The store port: what the queue needs from the place where it is kept. `SpoolStore` keeps it in SQLite, `MemoryStore`
 * in memory. All changes go through `commit`, whole groups at a time.
 */
import type { DeadQuery, DeadSummary } from '../core/dead-letters.ts';
import { MillraceError, type ErrorData } from '../core/errors.ts';
import { exitCodes } from '../core/exit-codes.ts';
import type { Interval, Intervals } from '../core/intervals.ts';
import type { LimitRecord } from '../core/limit-record.ts';
import type { ParamValues } from '../core/params.ts';
import { frameBytes, type Frame } from '../frame/frame.ts';
import type { SourcePosition } from '../frame/position.ts';

export type RunState = 'running' | 'sealed' | 'finishing' | 'finished';

/** Whether a run still has work: its source is read, or its items run. */
export function isOpen({ state }: { readonly state: RunState }): boolean {
  return state === 'running' || state === 'sealed';
}

/** One pass over the source. */
export interface RunRecord {
  run: string;
  state: RunState;
  fingerprint: string;
  position: SourcePosition;
  /** The next seq to assign. It only rises, also from run to run. */
  nextSeq: number;
  /** How many items were stored, are done, and became dead letters. */
  stored: number;
  done: number;
  dead: number;
  /** How many items were done when the run's sink was replaced. The new sink has none of their results. */
  doneElsewhere: number;
  /** The values that it was started with. */
  params: ParamValues;
  startedAt: number;
  finishedAt: number | null;
  exitCode: number | null;
}

/** A frame in the store, and which of its items are settled (or have moved to the retries). */
export interface StoredFrame {
  first: number;
  frame: Frame;
  settled: Intervals;
}

/** The progress of a stored frame. When all its items are settled, the frame is deleted. */
export interface FrameProgress {
  readonly first: number;
  readonly count: number;
  readonly settled: Intervals;
}

/** An item that waits for its next attempt. */
export interface RetryRecord {
  seq: number;
  /** The seq that it had first; differs after an operator gave a dead letter back. */
  origin: number;
  /** Wall-clock time at which it is due, and the delay that was intended when that was set. */
  dueAt: number;
  delayMs: number;
  /** The attempt that comes next, counted from 1. */
  attempt: number;
  kills: number;
  /** How many of its failures look like an outage but may be its own fault; see `SinglingOut`. */
  ownFault: number;
  /** In a pipeline with several sinks: those that already have the item. Default: none. */
  inSinks?: readonly string[];
  error: ErrorData;
  /** The item as a frame of one; null to keep the stored one. */
  frame: Frame | null;
}

export type RetryHead = Omit<RetryRecord, 'frame' | 'error'> & {
  /** The kind of its error, see core/error-kind.ts. */
  kind?: string;
};

/** A dead letter as it is kept. */
export interface StoredDead extends DeadSummary {
  frame: Frame;
}

/** An item that becomes a dead letter. */
export interface DeadRecord extends Omit<StoredDead, 'history'> {
  /** It did not fail again before it died: its error is already the last one in its history. Default false. */
  isKnownError?: boolean;
}

/** A dead letter without its item, and the item's size. */
export type DeadHead = DeadSummary & { bytes: number };

/** A dead letter that goes back into the queue. */
export interface Revival {
  /** The seq of the letter. */
  from: number;
  /** The item's new seq. Under it, the item waits for a retry that is due. */
  seq: number;
  /** The same as in the letter. */
  origin: number;
  dueAt: number;
  /** The letter's error. */
  error?: ErrorData;
  /** The sinks that have the item, according to the letter. */
  inSinks?: readonly string[];
  /** The item from now on; null to keep the letter's item. */
  frame: Frame | null;
}

/** A cursor that a source has reported, which was not confirmed yet. */
export interface Cursor {
  /** Rising. */
  id: number;
  /** The last item that it covers, or a later one. */
  seq: number;
  /** As JSON. */
  cursor: string;
}

/** Where a writer's part of a sink ends. Anything after that does not count. */
export interface PartRecord {
  readonly sink: string;
  readonly writer: number;
  /** Plain data of the sink's. */
  readonly part: unknown;
}

/** Changes that become durable together or not at all. */
export interface Group {
  run: RunRecord;
  frames: { first: number; frame: Frame }[];
  progress: FrameProgress[];
  retries: RetryRecord[];
  retriesGone: number[];
  dead: DeadRecord[];
  revived: Revival[];
  /** Dead letters that are deleted. */
  purged: number[];
  limits: LimitRecord[];
  cursors: Cursor[];
  /** Cursors up to this id are deleted. */
  confirmedCursor?: number;
  /** The parts of the run. Each replaces the record for that sink and writer. */
  parts?: readonly PartRecord[];
  /** The item that is on trial from now on, or null for none; undefined for no change. */
  trial?: number | null;
}

/** A group without changes, but for its run. */
export function emptyGroup(): Omit<Group, 'run'> {
  return {
    frames: [],
    progress: [],
    retries: [],
    retriesGone: [],
    dead: [],
    revived: [],
    purged: [],
    limits: [],
    cursors: [],
  };
}

/** What the store holds, in numbers: the base of the queue's counters after a start. */
export interface StoreTotals {
  /** Unsettled items in frames. */
  items: number;
  /** Bytes of frames and of items waiting for a retry. */
  bytes: number;
  retrying: number;
}

/**
 * The disk has no space for the group now. It was not committed, and can be committed later. If no caller does so, the
 * exit code is 74.
 */
export class StoreFull extends MillraceError {
  constructor(message: string, { cause }: { cause?: unknown } = {}) {
    super('SPOOL_FULL', message, { cause, exitCode: exitCodes.io });
  }
}

export interface Store {
  /** The latest run, undefined before the first. */
  run(): RunRecord | undefined;
  /** The run that assigned that seq; undefined if none has. */
  runOf(seq: number): string | undefined;
  /** The ids of the other runs, latest first: at most 100. */
  runsBefore(run: string): string[];
  totals(): StoreTotals;
  /** The last record of each limit. */
  limits(): LimitRecord[];
  /** The parts of a run. Those of earlier runs are forgotten when a later run has its first part. */
  parts(run: string): PartRecord[];
  /**
   * Atomic and, when it returns, durable. Throws StoreFull, having changed nothing, or an error that is final. It also
   * throws for impossible changes, such as progress of a frame that it does not have.
   */
  commit(group: Group): void;
  /** When it returns, everything that was committed survives a power loss. Throws as `commit` does. */
  sync(): void;
  /**
   * Unsettled frames whose first seq is above `after`, in order: as many as fit into `bytes` of memory
   * (`memoryBytes`), at least one if there is any.
   */
  readFrames(after: number, bytes: number): StoredFrame[];
  /** The frame that holds `seq`. */
  readFrameOf(seq: number): StoredFrame | undefined;
  /** The retries that are due first, without their items but with the kinds of their errors. */
  readRetryHeads(limit: number): RetryHead[];
  /** The retry of `seq`, without its item. */
  readRetryHead(seq: number): RetryHead | undefined;
  /** The item of a retry. */
  readRetry(seq: number): Frame | undefined;
  /** The error that a retry waits after. */
  readRetryError(seq: number): ErrorData | undefined;
  /** Calls `visit` with the error of each retry, in no order. */
  visitRetryErrors(visit: (error: ErrorData) => void): void;
  /** The id of the newest cursor; 0 if there is none. */
  newestCursor(): number;
  /** The newest cursor that covers nothing from `seq` on. */
  cursorBelow(seq: number): Cursor | undefined;
  /** The seqs waiting for a retry, lowest first. */
  readRetrySeqs(limit: number): number[];
  readDead(query: DeadQuery): StoredDead[];
  readDeadHeads(query: DeadQuery): DeadHead[];
}

// Roughly the size of the objects around a frame's bytes. It matters when frames hold one small item each.
const overheadBytes = 512;

/** How many bytes a frame takes in memory. */
export function memoryBytes(frame: Frame): number {
  return frameBytes(frame) + overheadBytes;
}

/** Throws for a commit that would change a missing row or add an existing one: the queue's bookkeeping is wrong. */
export function requireRow(isThere: boolean, what: string): void {
  if (!isThere)
    throw new MillraceError(
      'BUG',
      `the queue's file and its bookkeeping disagree about ${what}. Nothing was committed.`,
    );
}

/** The length of `interval`. */
export function lengthOf([from, to]: Interval): number {
  return to - from + 1;
}

/** Whether `group` settles an item, or moves one to or from the retries. */
export function settlesAny({ progress, retries, retriesGone }: Group): boolean {
  return progress.length + retries.length + retriesGone.length > 0;
}
