/**
 * The queue: a bounded, durable line of items between producer and consumers.
 *
 *     append ──▶ line ──▶ take ──▶ lent ──▶ settle ──▶ done │ dead │ retries ──▶ take …
 *                  ▲                │
 *                  └── returned ◀── release (given back), lose (its consumer died)
 *
 * What changes is gathered in a group. `commit` makes the group durable; only what has been committed is ever lent,
 * and only after it may anyone be told. What is lent is known in memory only and dies with the
 * supervisor, so after a start everything unsettled is *inherited*: its receiver asks the sink's ledger first.
 */
import { MillraceError, type ErrorData } from '../core/errors.ts';
import { exitCodes } from '../core/exit-codes.ts';
import { Intervals } from '../core/intervals.ts';
import { cutFrame, fitItems, frameBytes, type Frame } from '../frame/frame.ts';
import type { SourcePosition } from '../frame/position.ts';
import type { Holding, Returned } from './lending.ts';
import { Line } from './line.ts';
import { fresh, OpenFrames } from './open-frames.ts';
import { Retries } from './retries.ts';
import {
  lengthOf,
  type DeadHead,
  type DeadRecord,
  type Group,
  type LimitState,
  type RetryHead,
  type RetryRecord,
  type RunRecord,
  type Store,
  type StoredFrame,
} from './store.ts';

/** A moment, on both clocks. */
export interface Moment {
  now: number;
  wall: number;
}

/**
 * Who may have had an item before: provably nobody (`first`), a predecessor's consumers (`inherited`), or a consumer
 * of this supervisor that was lost (`suspect`).
 */
export type History = 'first' | 'inherited' | 'suspect';

/** Items to be sent to a consumer: a run of seqs that begins with `seq`. */
export interface Delivery {
  seq: number;
  /** The seq that the first of them had first; the others' follow it. Differs after a dead letter was given back. */
  origin: number;
  frame: Frame;
  /** 1 for a first attempt. */
  attempt: number;
  history: History;
}

/** What became of an item that did not succeed. */
export interface FailedItem {
  seq: number;
  /** Try again after that time, or give up for this reason. */
  fate: { kind: 'retry'; delayMs: number; usesAttempt: boolean } | { kind: 'dead'; reason: string };
  error: ErrorData;
}

export interface QueueStats {
  queued: number;
  lent: number;
  retrying: number;
  bytes: number;
  memoryBytes: number;
}

/** What has gone through the queue since this supervisor started: frames in, deliveries out, and the items in those. */
export interface QueueTraffic {
  frames: number;
  deliveries: number;
  delivered: number;
}

export class Queue {
  readonly #store: Store;
  readonly #line: Line;
  readonly #open = new OpenFrames();
  readonly #retries: Retries;
  /** Items that came back, and those of them (and of a predecessor's) that somebody may have processed. */
  readonly #returned = new Intervals();
  readonly #returnedRetries: RetryHead[] = [];
  readonly #suspect = new Intervals();
  /** Everything below was stored before this supervisor started. */
  readonly #inheritedBelow: number;
  #run: RunRecord;
  #committed: RunRecord;
  #group: Omit<Group, 'run' | 'progress'> = emptyGroup();
  #runChanged = false;
  #items: number;
  #retrying: number;
  #lentCount = 0;
  #bytes: number;
  /** Everything below is settled, durably; but for what waits for a retry. */
  #settledBelow: number;
  #lastRead: StoredFrame | undefined;
  readonly #traffic: QueueTraffic = { frames: 0, deliveries: 0, delivered: 0 };

  /** `windowBytes` of frames and the heads of `windowRetries` retries are kept in memory; the rest is in the store. */
  constructor(store: Store, run: RunRecord, options: { windowBytes: number; windowRetries?: number }) {
    this.#store = store;
    this.#run = run;
    this.#committed = run;
    this.#inheritedBelow = run.nextSeq;
    this.#line = new Line(store, { windowBytes: options.windowBytes, storedTo: run.nextSeq - 1 });
    this.#retries = new Retries(store, options.windowRetries);
    const totals = store.totals();
    this.#items = totals.items + totals.retrying;
    this.#retrying = totals.retrying;
    this.#bytes = totals.bytes;
    this.#settledBelow = this.#line.nextSeq;
  }

  get run(): Readonly<RunRecord> {
    return this.#run;
  }

  get stats(): QueueStats {
    return {
      queued: this.#items - this.#lentCount - this.#retrying,
      lent: this.#lentCount,
      retrying: this.#retrying,
      bytes: this.#bytes,
      memoryBytes: this.#line.memoryBytes,
    };
  }

  get traffic(): Readonly<QueueTraffic> {
    return this.#traffic;
  }

  /** Nothing is queued, lent or waiting for a retry. */
  get isEmpty(): boolean {
    return this.#items === 0;
  }

  // ── in ─────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Gives the frame's items their seqs and puts them into the group. */
  append(frame: Frame, position: SourcePosition): void {
    if (this.#run.state !== 'running') throw new Error(`a ${this.#run.state} run takes no items`);
    if (frame.base !== 0) throw new RangeError('a piece of a frame cannot be stored as a frame');
    const first = this.#run.nextSeq;
    this.#group.frames.push({ first, frame });
    this.#items += frame.count;
    this.#bytes += frameBytes(frame);
    this.#traffic.frames += 1;
    this.#change({ nextSeq: first + frame.count, stored: this.#run.stored + frame.count, position });
  }

  /** Changes the run's record. */
  setRun(change: Partial<Pick<RunRecord, 'state' | 'position' | 'finishedAt' | 'exitCode' | 'fingerprint'>>): void {
    this.#change(change);
  }

  /** Puts what a limit must not forget into the group, in the place of what that held of it. */
  setLimit(state: LimitState): void {
    this.#group.limits = this.#group.limits.filter(({ limit }) => limit !== state.limit).concat(state);
  }

  // ── out ────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Items that could be lent now. */
  available({ now, wall }: Moment): number {
    const due = this.#retries.nextDue(now, wall);
    const uncommitted = this.#group.frames.reduce((sum, { frame }) => sum + frame.count, 0);
    const queued = this.#items - this.#lentCount - this.#retrying - uncommitted;
    // Of the waiting retries only one is known to be due; that is enough to make dispatch look.
    return queued + (due !== undefined && due <= now ? 1 : 0);
  }

  /** Lends `holding` the next run of items: at most `items` and `bytes`, but at least one item. */
  take(holding: Holding, limit: { items: number; bytes: number }, moment: Moment): Delivery | undefined {
    const atMost = { items: Math.max(limit.items, 1), bytes: limit.bytes };
    const delivery =
      this.#takeRetry(holding, moment) ??
      this.#takeReturned(holding, atMost, moment.now) ??
      this.#takeNext(holding, atMost, moment.now);
    if (!delivery) return undefined;
    this.#traffic.deliveries += 1;
    this.#traffic.delivered += delivery.frame.count;
    return delivery;
  }

  /** When the next retry is due; undefined when none waits. */
  nextDue({ now, wall }: Moment): number | undefined {
    return this.#retries.nextDue(now, wall);
  }

  // ── back ───────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Items of `holding` are in the sink. Returns how many of them it did not hold: they are ignored. */
  settle(holding: Holding, done: Iterable<readonly [number, number]>, now: number): number {
    let refused = 0;
    for (const [from, to] of done) {
      refused += to - from + 1;
      for (const part of holding.take(from, to, now)) {
        const size = this.#finish(part);
        this.#change({ done: this.#run.done + size });
        refused -= size;
      }
    }
    return refused;
  }

  /** An item of `holding` failed. False if it did not hold it: it is ignored. */
  fail(holding: Holding, failed: FailedItem, moment: Moment): boolean {
    const [part] = holding.take(failed.seq, failed.seq, moment.now);
    if (!part) return false;
    const { origin } = part.lent;
    const head =
      origin.kind === 'retry'
        ? origin.head
        : { seq: failed.seq, origin: failed.seq, attempt: 1, kills: 0, dueAt: 0, delayMs: 0 };
    // Read before the item leaves its frame or its row.
    const frame = this.#readItem(part);
    this.#lentCount -= 1;
    this.#suspect.delete(failed.seq);
    if (origin.kind === 'frame') this.#settleInFrame(part);
    if (failed.fate.kind === 'dead') {
      this.#bury(head, failed.fate.reason, failed.error, frame, moment);
      if (origin.kind === 'retry') this.#forgetRetry(head.seq, frame);
      this.#items -= 1;
    } else {
      const { delayMs, usesAttempt } = failed.fate;
      const retry: RetryRecord = {
        ...head,
        attempt: head.attempt + (usesAttempt ? 1 : 0),
        delayMs,
        dueAt: moment.wall + delayMs,
        error: failed.error,
        frame: origin.kind === 'frame' ? frame : null,
      };
      this.#group.retries.push(retry);
      this.#retrying += 1;
      if (origin.kind === 'frame') this.#bytes += frameBytes(frame);
      this.#runChanged = true;
    }
    return true;
  }

  /** The attempt that `seq`, held by `holding`, is at. */
  attemptOf(holding: Holding, seq: number): number | undefined {
    const lent = holding.find(seq);
    if (!lent) return undefined;
    return lent.origin.kind === 'retry' ? lent.origin.head.attempt : 1;
  }

  /** `holding` gives back items that it never started. Returns how many of them it did not hold. */
  release(holding: Holding, items: Iterable<readonly [number, number]>, now: number): number {
    let refused = 0;
    for (const [from, to] of items) {
      refused += to - from + 1;
      for (const part of holding.take(from, to, now)) refused -= this.#takeBack(part);
    }
    return refused;
  }

  /** The consumer is gone: whatever it held may or may not be in the sink. Returns how many items that is. */
  lose(holding: Holding, now: number): number {
    let lost = 0;
    for (const part of holding.takeAll(now)) {
      this.#suspect.add(part.from, part.to);
      lost += this.#takeBack(part);
    }
    return lost;
  }

  // ── dead letters ───────────────────────────────────────────────────────────────────────────────────────────────

  /**
   * Puts dead letters back into the queue, each under a new seq, with all of its attempts before it; `frame` replaces
   * the item. Returns the seqs that there is no letter of. Throws when the run is at its end: nobody would run them.
   */
  giveBack(seqs: Iterable<number>, { wall }: Pick<Moment, 'wall'>, frame: Frame | null = null): number[] {
    if (this.#run.state === 'finishing' || this.#run.state === 'finished') throw afterThisRun();
    return this.#takeLetters(seqs, ({ seq: from, origin, run, bytes }) => {
      const { nextSeq, stored, dead } = this.#run;
      this.#group.revived.push({ from, seq: nextSeq, origin, dueAt: wall, frame });
      this.#items += 1;
      this.#retrying += 1;
      this.#bytes += frame ? frameBytes(frame) : bytes;
      // One of an earlier run becomes an item of this one.
      const change = run === this.#run.run ? { dead: dead - 1 } : { stored: stored + 1 };
      this.#change({ nextSeq: nextSeq + 1, ...change });
    });
  }

  /** Deletes dead letters: the run's books know nothing of them any more. Returns the seqs that there is no letter of. */
  purge(seqs: Iterable<number>): number[] {
    return this.#takeLetters(seqs, ({ seq, run }) => {
      this.#group.purged.push(seq);
      const { stored, dead } = this.#run;
      this.#change(run === this.#run.run ? { stored: stored - 1, dead: dead - 1 } : {});
    });
  }

  /** A finished run becomes one whose source has ended, for dead letters that are given back. Only between two starts. */
  reopen(): void {
    if (this.#run.state === 'finished') this.#change({ state: 'sealed', finishedAt: null, exitCode: null });
  }

  #takeLetters(seqs: Iterable<number>, take: (letter: DeadHead) => void): number[] {
    const missing: number[] = [];
    const { revived, purged } = this.#group;
    const taken = new Set([...revived.map(({ from }) => from), ...purged]);
    for (const seq of seqs) {
      const [letter] = taken.has(seq) ? [] : this.#store.readDeadHeads(seq - 1, 1);
      if (letter?.seq === seq) {
        take(letter);
        taken.add(seq);
      } else {
        missing.push(seq);
      }
    }
    return missing;
  }

  /** What the ledger may forget, as of the last commit: seqs below `before` but those in `open`. */
  watermark(): { before: number; open: number[] } {
    const most = 1000;
    const open = this.#store.readRetrySeqs(most + 1);
    const before = this.#settledBelow;
    return open.length > most ? { before: Math.min(before, open[0]!), open: [] } : { before, open };
  }

  // ── durable ────────────────────────────────────────────────────────────────────────────────────────────────────

  /** True when there is something to commit. */
  get isDirty(): boolean {
    return this.#runChanged || this.#group.limits.length > 0;
  }

  /**
   * Makes the group durable: all of it, or, when space is short, all but what is new (items, the end of the source, what
   * is done to dead letters), which stays in the group. Throws StoreFull, with the group kept for another try, or an error that is final.
   */
  commit({ now }: Moment, what: 'all' | 'settlements' = 'all'): void {
    if (!this.isDirty) return;
    const { frames, revived, purged, ...settlements } = this.#group;
    const isAll = what === 'all' || frames.length + revived.length + purged.length === 0;
    const news = { frames, revived, purged };
    const noNews = { frames: [], revived: [], purged: [] };
    const run = isAll ? this.#run : withoutNews(this.#run, this.#committed, settlements.dead.length);
    this.#store.commit({ ...settlements, ...(isAll ? news : noNews), run, progress: this.#open.changed });
    this.#committed = run;
    this.#open.clearChanged();
    this.#group = { ...emptyGroup(), ...(isAll ? noNews : news) };
    this.#runChanged = !isAll;
    if (isAll) this.#addNews(news, now);
    for (const { frame: _, error: __, ...head } of settlements.retries) this.#retries.add(head, now);
    for (const seq of settlements.retriesGone) this.#retries.gone(seq);
    this.#settledBelow = this.#open.lowestUnsettled ?? this.#line.nextSeq;
  }

  #addNews({ frames, revived }: Pick<Group, 'frames' | 'revived'>, now: number): void {
    for (const { first, frame } of frames) this.#line.push(fresh(first, frame));
    for (const { seq, origin, dueAt } of revived) {
      this.#retries.add({ seq, origin, dueAt, delayMs: 0, attempt: 1, kills: 0 }, now);
    }
  }

  // ── parts ──────────────────────────────────────────────────────────────────────────────────────────────────────

  #takeRetry(holding: Holding, { now, wall }: Moment): Delivery | undefined {
    const head = this.#returnedRetries.shift() ?? this.#dueRetry(now, wall);
    if (!head) return undefined;
    const frame = this.#store.readRetry(head.seq);
    if (!frame) throw new Error(`the retry of item ${head.seq} is not in the store`);
    holding.give({
      from: head.seq,
      to: head.seq,
      bytes: frameBytes(frame),
      mark: holding.sizing.lent(now),
      origin: { kind: 'retry', head },
    });
    this.#lentCount += 1;
    return { seq: head.seq, origin: head.origin, frame, attempt: head.attempt, history: this.#history(head.seq) };
  }

  #dueRetry(now: number, wall: number): RetryHead | undefined {
    const head = this.#retries.take(now, wall);
    if (head) this.#retrying -= 1;
    return head;
  }

  #takeReturned(holding: Holding, limit: { items: number; bytes: number }, now: number): Delivery | undefined {
    const from = this.#returned.first;
    if (from === undefined) return undefined;
    const stored = this.#readFrameOf(from);
    const last = stored.first + stored.frame.count - 1;
    const [, to] = [...this.#returned.within(from, Math.min(last, from + limit.items - 1))][0]!;
    const count = fitItems(stored.frame, from - stored.first, this.#sameHistory(from, to), limit.bytes);
    this.#returned.delete(from, from + count - 1);
    return this.#lend(holding, stored, from, cutFrame(stored.frame, from - stored.first, count), now);
  }

  #takeNext(holding: Holding, limit: { items: number; bytes: number }, now: number): Delivery | undefined {
    const run = this.#line.take(limit.items, limit.bytes);
    return run && this.#lend(holding, run.stored, run.from, run.piece, now);
  }

  #lend(holding: Holding, stored: StoredFrame, seq: number, frame: Frame, now: number): Delivery {
    holding.give({
      from: seq,
      to: seq + frame.count - 1,
      bytes: frameBytes(frame),
      mark: holding.sizing.lent(now),
      origin: { kind: 'frame', frame: this.#open.open(stored) },
    });
    this.#lentCount += frame.count;
    return { seq, origin: seq, frame, attempt: 1, history: this.#history(seq) };
  }

  #history(seq: number): History {
    if (this.#suspect.has(seq)) return 'suspect';
    return seq < this.#inheritedBelow ? 'inherited' : 'first';
  }

  /** How many items from `from` on have the same history. */
  #sameHistory(from: number, to: number): number {
    const history = this.#history(from);
    for (let seq = from + 1; seq <= to; seq++) if (this.#history(seq) !== history) return seq - from;
    return to - from + 1;
  }

  /** An item, or a run of them, is done. Returns how many. */
  #finish(part: Returned): number {
    const size = lengthOf([part.from, part.to]);
    const { origin } = part.lent;
    if (origin.kind === 'frame') this.#settleInFrame(part);
    else this.#forgetRetry(origin.head.seq, part.lent.bytes);
    this.#suspect.delete(part.from, part.to);
    this.#lentCount -= size;
    this.#items -= size;
    return size;
  }

  #settleInFrame({ lent, from, to }: Returned): void {
    if (lent.origin.kind !== 'frame') return;
    if (this.#open.settle(lent.origin.frame, from, to)) this.#bytes -= lent.origin.frame.bytes;
    this.#runChanged = true;
  }

  #forgetRetry(seq: number, frame: Frame | number): void {
    this.#group.retriesGone.push(seq);
    this.#bytes -= typeof frame === 'number' ? frame : frameBytes(frame);
    this.#runChanged = true;
  }

  #bury(head: RetryHead, reason: string, error: ErrorData, frame: Frame, moment: Moment): void {
    const dead: DeadRecord = {
      seq: head.seq,
      origin: head.origin,
      run: this.#run.run,
      attempts: head.attempt,
      reason,
      error,
      diedAt: moment.wall,
      frame,
    };
    this.#group.dead.push(dead);
    this.#change({ dead: this.#run.dead + 1 });
  }

  #takeBack(part: Returned): number {
    const size = lengthOf([part.from, part.to]);
    this.#lentCount -= size;
    const { origin } = part.lent;
    if (origin.kind === 'frame') this.#returned.add(part.from, part.to);
    else this.#returnedRetries.push(origin.head);
    return size;
  }

  #readItem({ lent, from }: Returned): Frame {
    if (lent.origin.kind === 'retry') {
      const frame = this.#store.readRetry(from);
      if (!frame) throw new Error(`the retry of item ${from} is not in the store`);
      return frame;
    }
    const stored = this.#readFrameOf(from);
    return cutFrame(stored.frame, from - stored.first, 1);
  }

  #readFrameOf(seq: number): StoredFrame {
    const last = this.#lastRead;
    if (last && seq >= last.first && seq < last.first + last.frame.count) return last;
    const stored = this.#store.readFrameOf(seq);
    if (!stored) throw new Error(`item ${seq} is not in the store`);
    this.#lastRead = stored;
    return stored;
  }

  #change(change: Partial<RunRecord>): void {
    this.#run = { ...this.#run, ...change };
    this.#runChanged = true;
  }
}

/** `run` as if since `committed` nothing had been heard of the source or of an operator; `died` items have died since. */
function withoutNews(run: RunRecord, committed: RunRecord, died: number): RunRecord {
  const { state, nextSeq, stored, position, dead } = committed;
  return { ...run, state, nextSeq, stored, position, dead: dead + died };
}

function afterThisRun(): MillraceError {
  return new MillraceError(
    'AFTER_THIS_RUN',
    'all items of this run are settled, and it is about to end: give dead letters back after this run',
    { exitCode: exitCodes.gaveUp },
  );
}

function emptyGroup(): Omit<Group, 'run' | 'progress'> {
  return { frames: [], retries: [], retriesGone: [], dead: [], revived: [], purged: [], limits: [] };
}
