/**
 * The queue: a bounded, durable line of items between producer and consumers.
 *
 *     append ──▶ line ──▶ take ──▶ lent ──▶ settle ──▶ done │ dead │ retries ──▶ take …
 *                  ▲                │
 *                  └── returned ◀── release (given back), lose (its consumer went)
 *                  ├── marked   ◀── lose (its consumer died, perhaps of one of them), see blame.ts
 *                  └── isolated ◀── lose (a second one died): run alone
 *
 * What changes is pending (pending.ts) until `commit` makes it durable; only what has been committed is ever lent, and
 * only after it may anyone be told. What is lent is known in memory only and dies with the
 * supervisor, so after a start everything unsettled is *inherited*: its receiver asks the sink's ledger first.
 */
import type { Moment } from '../core/clock.ts';
import type { DeliveryHead, DeliveryMode, History } from '../core/delivery.ts';
import { MillraceError, type ErrorData } from '../core/errors.ts';
import { exitCodes } from '../core/exit-codes.ts';
import { Intervals } from '../core/intervals.ts';
import { cutFrame, fitItems, frameBytes, type Frame } from '../frame/frame.ts';
import type { SourcePosition } from '../frame/position.ts';
import { Backlog } from './backlog.ts';
import { mostKills, type Death, type Suspicion } from './blame/blame.ts';
import { Holding, type Lent, type Returned } from './lending/holding.ts';
import { Line } from './line.ts';
import { fresh, OpenFrames } from './open-frames.ts';
import { Pending } from './pending.ts';
import { Retries } from './retries.ts';
import { Suspects } from './blame/suspects.ts';
import {
  lengthOf,
  type DeadHead,
  type DeadRecord,
  type LimitState,
  type RetryHead,
  type RetryRecord,
  type RunRecord,
  type Store,
  type StoredFrame,
} from './store.ts';

/** Items to send to a consumer. */
export interface Delivery extends DeliveryHead {
  frame: Frame;
}

/** What a consumer that has gone leaves behind. */
export interface Loss {
  /** Items that it held. */
  items: number;
  /** How many of the items are now isolated, and how many only marked. */
  isolated: number;
  marked: number;
  /** The item that its death is put down to. */
  killer:
    | {
        seq: number;
        kills: number;
        /** When it is run again. */
        delayMs: number;
        /** How many have been named since an item was done. */
        inARow: number;
      }
    | undefined;
}

/** Try an item again after that time, or give up on it. `suspicion` is the item's new suspicion; left out, it stays the same. */
export type Fate =
  { kind: 'retry'; delayMs: number; usesAttempt: boolean; suspicion?: number } | { kind: 'dead'; reason: string };

/** What became of an item that did not succeed. */
export interface FailedItem {
  seq: number;
  fate: Fate;
  error: ErrorData;
}

export interface QueueStats {
  queued: number;
  lent: number;
  retrying: number;
  bytes: number;
  memoryBytes: number;
  /** How many of them are isolated, because one of them may have killed a consumer. */
  accused: number;
}

/** What has gone through the queue since this supervisor started: frames in, deliveries out, and the items in those. */
export interface QueueTraffic {
  frames: number;
  deliveries: number;
  delivered: number;
}

/** When items are lent, and why. */
interface HowLent {
  now: number;
  lot?: Lent['lot'];
}

export interface QueueOptions {
  /** Frames of so many bytes, and the heads of so many retries, are kept in memory; the rest is in the store. */
  windowBytes: number;
  windowRetries?: number;
  /** Whether dead letters that are given back open a finished run again: only where no supervisor runs. Default false. */
  reopens?: boolean;
}

export class Queue {
  readonly #store: Store;
  readonly #line: Line;
  readonly #open = new OpenFrames();
  readonly #pending: Pending;
  readonly #retries: Retries;
  readonly #returned = new Backlog();
  readonly #suspects = new Suspects();
  /** The item that the store knows to be run by itself. */
  #trial: number | null = null;
  /** Killers named since an item was done. */
  #killersInARow = 0;
  /** Items that consumers of this supervisor had and lost. */
  readonly #lost = new Intervals();
  readonly #reopens: boolean;
  /** Everything below was stored before this supervisor started. */
  readonly #inheritedBelow: number;
  #items: number;
  #retrying: number;
  #lentCount = 0;
  #bytes: number;
  /** Everything below is settled, durably; but for what waits for a retry. */
  #settledBelow: number;
  #lastRead: StoredFrame | undefined;
  readonly #traffic: QueueTraffic = { frames: 0, deliveries: 0, delivered: 0 };

  constructor(store: Store, run: RunRecord, options: QueueOptions) {
    this.#reopens = options.reopens ?? false;
    this.#store = store;
    this.#pending = new Pending(run);
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
    return this.#pending.run;
  }

  /** The same as of the last commit: what may be acted on. */
  get committedRun(): Readonly<RunRecord> {
    return this.#pending.committedRun;
  }

  get stats(): QueueStats {
    return {
      queued: this.#items - this.#lentCount - this.#retrying,
      lent: this.#lentCount,
      retrying: this.#retrying,
      bytes: this.#bytes,
      memoryBytes: this.#line.memoryBytes,
      accused: this.#suspects.blame.isolated.size,
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

  /** Gives the frame's items their seqs. */
  append(frame: Frame, position: SourcePosition): void {
    if (this.run.state !== 'running') throw new Error(`a ${this.run.state} run takes no items`);
    if (frame.base !== 0) throw new RangeError('a piece of a frame cannot be stored as a frame');
    const first = this.run.nextSeq;
    this.#pending.add('frames', { first, frame });
    this.#items += frame.count;
    this.#bytes += frameBytes(frame);
    this.#traffic.frames += 1;
    this.#pending.changeRun({ nextSeq: first + frame.count, stored: this.run.stored + frame.count, position });
  }

  /** Changes the run's record. */
  setRun(change: Partial<Pick<RunRecord, 'state' | 'position' | 'finishedAt' | 'exitCode' | 'fingerprint'>>): void {
    this.#pending.changeRun(change);
  }

  /** What a limit must not forget: the latest counts. */
  setLimit(state: LimitState): void {
    this.#pending.setLimit(state);
  }

  // ── out ────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Items that could be lent now, without marked ones. */
  available({ now, wall }: Moment): number {
    this.#collectKillers(now, wall);
    const due = this.#retries.nextDue(now, wall);
    const suspects = this.#suspects.size;
    const queued = this.#items - this.#lentCount - this.#retrying - suspects - this.#pending.items;
    // Of the waiting retries only one is known to be due; that is enough to make dispatch look.
    return queued + (due !== undefined && due <= now ? 1 : 0);
  }

  /** Marked items that could be lent now. */
  get availableMarked(): number {
    return this.#suspects.marked.size;
  }

  /** Items that could be lent now to be run alone. */
  availableAlone({ now, wall }: Moment): number {
    this.#collectKillers(now, wall);
    return this.#suspects.isolated.size;
  }

  /**
   * Lends `holding` the next run of items: at most `items` and `bytes`, but at least one item. What has been tried before
   * comes first; or last, on request.
   */
  take(
    holding: Holding,
    limit: { items: number; bytes: number; triedLast?: boolean },
    moment: Moment,
  ): Delivery | undefined {
    const atMost = { items: Math.max(limit.items, 1), bytes: limit.bytes };
    const takeTried = (): Delivery | undefined =>
      this.#takeRetry(holding, this.#returned, moment) ?? this.#takeDue(holding, moment);
    const takeUntried = (): Delivery | undefined =>
      this.#takeReturned(holding, this.#returned, atMost, { now: moment.now }) ??
      this.#takeNext(holding, atMost, moment.now);
    return this.#counted(limit.triedLast ? (takeUntried() ?? takeTried()) : (takeTried() ?? takeUntried()));
  }

  /** Lends `holding` marked items, which run like others: at most `items` and `bytes`, but at least one item. */
  takeMarked(holding: Holding, limit: { items: number; bytes: number }, moment: Moment): Delivery | undefined {
    const how = { now: moment.now, lot: 'marked' } as const;
    return this.#counted(
      this.#takeRetry(holding, this.#suspects.marked, moment, 'marked') ??
        this.#takeReturned(holding, this.#suspects.marked, limit, how),
    );
  }

  /**
   * Lends `holding`, which holds nothing, items that run alone: about `bytes` and, if given, `ms` of them. An item that has
   * killed before is lent by itself, and only after the next commit, so that its name outlives the supervisor, should that
   * die with it. If running one at a time would take too long, half of them are lent to run together.
   */
  takeAlone(holding: Holding, { bytes, ms }: { bytes: number; ms?: number }, moment: Moment): Delivery[] {
    const { isolated } = this.#suspects;
    const { most, lot } = this.#suspects.next(ms);
    let left = most;
    const deliveries: Delivery[] = [];
    while (isolated.size > 0 && left > 0 && holding.bytes < bytes) {
      const comesByItself = this.#suspects.comesByItself;
      if (comesByItself && (deliveries.length > 0 || !this.#isOnTrial())) break;
      const limit = { items: comesByItself ? 1 : left, bytes: bytes - holding.bytes };
      const delivery =
        this.#takeRetry(holding, isolated, moment, lot) ??
        this.#takeReturned(holding, isolated, limit, { now: moment.now, lot });
      deliveries.push(this.#counted(delivery)!);
      left -= delivery!.frame.count;
      if (comesByItself) break;
    }
    return deliveries;
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
        this.#pending.changeRun({ done: this.run.done + size });
        this.#killersInARow = 0;
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
    const head = headOf(part);
    this.#lost.delete(failed.seq);
    this.#clear(part);
    if (failed.fate.kind === 'dead') {
      // Read before the item leaves its frame or its row.
      const frame = this.#readItem(part);
      this.#lentCount -= 1;
      if (origin.kind === 'frame') this.#settleInFrame(part);
      this.#bury(head, {
        reason: failed.fate.reason,
        error: failed.error,
        isKnownError: part.lent.mode === 'askOnly',
        diedAt: moment.wall,
        frame,
      });
      if (origin.kind === 'retry') this.#forgetRetry(head.seq, frame);
      this.#items -= 1;
    } else {
      const { delayMs, usesAttempt, suspicion = head.suspicion } = failed.fate;
      const attempt = head.attempt + (usesAttempt ? 1 : 0);
      this.#putOff(part, { ...head, attempt, suspicion, delayMs, error: failed.error }, moment);
    }
    return true;
  }

  /** The error that `seq`, which waits or has waited for a retry, came back with last. */
  lastErrorOf(seq: number): ErrorData | undefined {
    return this.#store.readRetryError(seq);
  }

  /** The errors of items that wait for a retry, by kind. */
  waitingErrors({ now, wall }: Moment): ReturnType<Retries['errors']> {
    return this.#retries.errors(now, wall);
  }

  /** The try of `seq` that `holding` holds: which attempt it is, how suspicious the item is, and when it was lent. */
  tryOf(holding: Holding, seq: number): { attempt: number; suspicion: number; lentAt: number } | undefined {
    const lent = holding.find(seq);
    if (!lent) return undefined;
    const { attempt, suspicion } = lent.origin.kind === 'retry' ? lent.origin.head : { attempt: 1, suspicion: 0 };
    return { attempt, suspicion, lentAt: lent.mark.at };
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

  /**
   * The consumer is gone: whatever it held may or may not be in the sink. If it went by a `death`, the item that it was
   * running alone is named as the killer, and waits for as long as that death says before it is run again; or, if it
   * ran them together, those that it may have started are accused.
   */
  lose(holding: Holding, moment: Moment, death?: Death & { delayMs: (kills: number) => number }): Loss {
    const loss: Loss = { items: holding.count, isolated: 0, marked: 0, killer: undefined };
    if (death) {
      if (holding.running !== undefined) loss.killer = this.#punish(holding, holding.running, death, moment);
      // What ran before it, and has not settled yet, did not kill.
      if (loss.killer) for (const [from, to] of holding.started) this.#suspects.blame.clear(from, to);
    }
    const started = Intervals.of(...holding.started);
    const { itemMs } = holding.sizing;
    const parts = holding.takeAll(moment.now);
    if (death) Object.assign(loss, this.#suspects.accuse(parts, { started, itemMs, death }));
    for (const part of parts) {
      this.#lost.add(part.from, part.to);
      this.#takeBack(part);
    }
    return loss;
  }

  /**
   * Accuses what is first in line, at most `most` items, of a death that its supervisor did not survive. They are run
   * alone and by themselves. Returns how many they are.
   */
  accuseFirst(most: number, { now, wall }: Moment, death: Death): number {
    const accused = new Intervals();
    for (let head = this.#dueRetry(now, wall); head; head = this.#dueRetry(now, wall)) {
      this.#suspects.isolated.retries.push(head);
      if (accused.add(head.seq) && accused.size >= most) break;
    }
    while (accused.size < most) {
      const run = this.#line.take(most - accused.size, Infinity);
      if (!run) break;
      const to = run.from + run.piece.count - 1;
      this.#open.open(run.stored);
      this.#suspects.isolated.items.add(run.from, to);
      accused.add(run.from, to);
    }
    // They may have started each time; how often they did is not known.
    this.#suspects.blame.accuse(accused, death, { isolatesAll: true, counts: false });
    this.#suspects.blame.beCareful();
    return accused.size;
  }

  /** An accused item killed a consumer of the last supervisor, which died with it. As if that consumer had been here. */
  nameTrial(seq: number, moment: Moment, death: Death & { delayMs: (kills: number) => number }): Loss['killer'] {
    const { retries, items } = this.#suspects.isolated;
    const consumer = new Holding(1);
    const at = retries.findIndex((head) => head.seq === seq);
    if (at >= 0) {
      this.#lendRetry(consumer, retries.splice(at, 1)[0]!, moment, 'usual');
    } else if (items.delete(seq)) {
      const stored = this.#readFrameOf(seq);
      this.#lend(consumer, stored, seq, cutFrame(stored.frame, seq - stored.first, 1), { now: moment.now });
    }
    this.#trial = seq;
    if (consumer.announce(seq, seq) > 0) this.#endTrial(seq, seq);
    return this.lose(consumer, moment, death).killer;
  }

  // ── dead letters ───────────────────────────────────────────────────────────────────────────────────────────────

  /**
   * Puts dead letters back into the queue, each under a new seq, with all of its attempts before it; `frame` replaces
   * the item. Returns the seqs that there is no letter of. Throws when the run is at its end: nobody would run them. A
   * finished run goes on with them, as one whose source has ended, if the queue was made with `reopens`.
   */
  giveBack(seqs: Iterable<number>, { wall }: Pick<Moment, 'wall'>, frame: Frame | null = null): number[] {
    const isAtItsEnd = this.run.state === 'finishing' || (this.run.state === 'finished' && !this.#reopens);
    if (isAtItsEnd) throw afterThisRun();
    return this.#takeLetters(seqs, ({ seq: from, origin, run, bytes, error }) => {
      const { state, nextSeq, stored, dead } = this.run;
      if (state === 'finished') this.#pending.changeRun({ state: 'sealed', finishedAt: null, exitCode: null });
      this.#pending.add('revived', { from, seq: nextSeq, origin, dueAt: wall, error, frame });
      this.#items += 1;
      this.#retrying += 1;
      this.#bytes += frame ? frameBytes(frame) : bytes;
      // One of an earlier run becomes an item of this one.
      const change = run === this.run.run ? { dead: dead - 1 } : { stored: stored + 1 };
      this.#pending.changeRun({ nextSeq: nextSeq + 1, ...change });
    });
  }

  /** Deletes dead letters: the run's books know nothing of them any more. Returns the seqs that there is no letter of. */
  purge(seqs: Iterable<number>): number[] {
    return this.#takeLetters(seqs, ({ seq, run }) => {
      this.#pending.add('purged', seq);
      const { stored, dead } = this.run;
      if (run === this.run.run) this.#pending.changeRun({ stored: stored - 1, dead: dead - 1 });
    });
  }

  #takeLetters(seqs: Iterable<number>, take: (letter: DeadHead) => void): number[] {
    const missing: number[] = [];
    const taken = new Set(this.#pending.letters);
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

  /**
   * What the ledger may forget, as of the last commit: seqs below `before` except those in `open`. Not even a power loss
   * opens one of them again: a sink that has forgotten them refuses a queue that asks for one. Throws as `commit` does.
   */
  watermark(): { before: number; open: number[] } {
    this.#store.sync();
    const most = 1000;
    const open = this.#store.readRetrySeqs(most + 1);
    const before = this.#settledBelow;
    return open.length > most ? { before: Math.min(before, open[0]!), open: [] } : { before, open };
  }

  // ── durable ────────────────────────────────────────────────────────────────────────────────────────────────────

  /** True when there is something to commit. */
  get isDirty(): boolean {
    return this.#pending.isDirty;
  }

  /**
   * Makes what is pending durable: all of it, or, when space is short, all but what is new (items, the end of the source,
   * what is done to dead letters). Throws StoreFull, with all of it kept for another try, or an error that is final.
   */
  commit({ now }: Moment, what: 'all' | 'settlements' = 'all'): void {
    if (!this.isDirty) return;
    const durable = this.#pending.commit(this.#store, this.#open.changed, what);
    this.#open.clearChanged();
    if (durable.trial !== undefined) this.#trial = durable.trial;
    for (const { first, frame } of durable.frames) this.#line.push(fresh(first, frame));
    for (const { seq, origin, dueAt, error = unknownError } of durable.revived) {
      this.#retries.add({ seq, origin, dueAt, delayMs: 0, attempt: 1, kills: 0, suspicion: 0 }, now, error);
    }
    for (const { frame: _, error, ...head } of durable.retries) this.#retries.add(head, now, error);
    for (const seq of durable.retriesGone) this.#retries.gone(seq);
    this.#settledBelow = this.#open.lowestUnsettled ?? this.#line.nextSeq;
  }

  // ── parts ──────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Whether the store knows that what comes next of the accused is being run by itself; from the next commit on it does. */
  #isOnTrial(): boolean {
    const { retries, items } = this.#suspects.isolated;
    const [head] = retries;
    const seq = head?.seq ?? items.first!;
    // It is not run.
    if ((head?.kills ?? 0) >= mostKills || this.#trial === seq) return true;
    this.#pending.setTrial(seq);
    return false;
  }

  #endTrial(from: number, to: number): void {
    if (this.#trial === null || this.#trial < from || this.#trial > to) return;
    this.#pending.setTrial(null);
  }

  #counted(delivery: Delivery | undefined): Delivery | undefined {
    this.#traffic.deliveries += delivery ? 1 : 0;
    this.#traffic.delivered += delivery?.frame.count ?? 0;
    return delivery;
  }

  #takeRetry(holding: Holding, { retries }: Backlog, moment: Moment, lot: Lent['lot'] = 'usual'): Delivery | undefined {
    const head = retries.shift();
    return head && this.#lendRetry(holding, head, moment, lot);
  }

  #takeDue(holding: Holding, moment: Moment): Delivery | undefined {
    this.#collectKillers(moment.now, moment.wall);
    const head = this.#dueRetry(moment.now, moment.wall);
    return head && this.#lendRetry(holding, head, moment, 'usual');
  }

  /** Retries that are due and have killed a consumer before are run alone. */
  #collectKillers(now: number, wall: number): void {
    while ((this.#retries.peek(now, wall)?.kills ?? 0) > 0)
      this.#suspects.isolated.retries.push(this.#dueRetry(now, wall)!);
  }

  #lendRetry(holding: Holding, head: RetryHead, { now }: Moment, lot: Lent['lot']): Delivery {
    const isAlone = this.#suspects.isAlone(head) && lot !== 'half';
    const mode = head.kills >= mostKills ? 'askOnly' : isAlone ? 'alone' : 'together';
    const frame = this.#store.readRetry(head.seq);
    if (!frame) throw new Error(`the retry of item ${head.seq} is not in the store`);
    const { seq, origin, attempt } = head;
    const history = this.#history(seq);
    const free = freeOf(holding, { mode, history, count: 1 });
    const lent: Lent = {
      mode,
      lot,
      from: seq,
      to: seq,
      bytes: frameBytes(frame),
      mark: holding.sizing.lent(now),
      origin: { kind: 'retry', head },
    };
    holding.give(lent, free);
    this.#lentCount += 1;
    // An item of an earlier run is one that was a dead letter.
    const originRun = (origin === seq ? undefined : this.#store.runOf(origin)) ?? this.run.run;
    return { seq, origin, originRun, frame, attempt, history, mode, free };
  }

  #dueRetry(now: number, wall: number): RetryHead | undefined {
    const head = this.#retries.take(now, wall);
    if (head) this.#retrying -= 1;
    return head;
  }

  #takeReturned(
    holding: Holding,
    { items }: Backlog,
    limit: { items: number; bytes: number },
    how: HowLent,
  ): Delivery | undefined {
    const from = items.first;
    if (from === undefined) return undefined;
    const stored = this.#readFrameOf(from);
    const last = stored.first + stored.frame.count - 1;
    const [, to] = [...items.within(from, Math.min(last, from + limit.items - 1))][0]!;
    const count = fitItems(stored.frame, from - stored.first, this.#sameHistory(from, to), limit.bytes);
    items.delete(from, from + count - 1);
    return this.#lend(holding, stored, from, cutFrame(stored.frame, from - stored.first, count), how);
  }

  #takeNext(holding: Holding, limit: { items: number; bytes: number }, now: number): Delivery | undefined {
    const run = this.#line.take(limit.items, limit.bytes);
    return run && this.#lend(holding, run.stored, run.from, run.piece, { now });
  }

  #lend(holding: Holding, stored: StoredFrame, seq: number, frame: Frame, { now, lot = 'usual' }: HowLent): Delivery {
    const mode = lot !== 'half' && this.#suspects.blame.isolated.has(seq) ? 'alone' : 'together';
    const history = this.#history(seq);
    const free = freeOf(holding, { mode, history, count: frame.count });
    const lent: Lent = {
      mode,
      lot,
      from: seq,
      to: seq + frame.count - 1,
      bytes: frameBytes(frame),
      mark: holding.sizing.lent(now),
      origin: { kind: 'frame', frame: this.#open.open(stored) },
    };
    holding.give(lent, free);
    this.#lentCount += frame.count;
    return { seq, origin: seq, originRun: this.run.run, frame, attempt: 1, history, mode, free };
  }

  #history(seq: number): History {
    if (this.#lost.has(seq)) return 'lost';
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
    this.#lost.delete(part.from, part.to);
    this.#clear(part);
    this.#lentCount -= size;
    this.#items -= size;
    return size;
  }

  #clear({ lent: { mode }, from, to }: Returned): void {
    this.#endTrial(from, to);
    if (mode === 'askOnly') this.#suspects.blame.condemn(from);
    else this.#suspects.blame.clear(from, to);
  }

  #settleInFrame({ lent, from, to }: Returned): void {
    if (lent.origin.kind !== 'frame') return;
    if (this.#open.settle(lent.origin.frame, from, to)) this.#bytes -= lent.origin.frame.bytes;
    this.#pending.touch();
  }

  #forgetRetry(seq: number, frame: Frame | number): void {
    this.#pending.add('retriesGone', seq);
    this.#bytes -= typeof frame === 'number' ? frame : frameBytes(frame);
  }

  #bury(
    { seq, origin, attempt, kills }: RetryHead,
    death: Pick<DeadRecord, 'reason' | 'error' | 'isKnownError' | 'diedAt' | 'frame'>,
  ): void {
    this.#pending.add('dead', { seq, origin, run: this.run.run, attempts: attempt, kills, ...death });
    this.#pending.changeRun({ dead: this.run.dead + 1 });
  }

  #takeBack(part: Returned): number {
    const size = lengthOf([part.from, part.to]);
    this.#lentCount -= size;
    this.#endTrial(part.from, part.to);
    const { origin } = part.lent;
    if (origin.kind === 'retry') {
      (this.#suspects.backlogOf(origin.head) ?? this.#returned).retries.push(origin.head);
    } else {
      this.#returned.items.add(part.from, part.to);
      this.#suspects.sort(this.#returned.items, part.from, part.to);
    }
    return size;
  }

  /** `seq`, which `holding` ran alone, has killed its consumer. */
  #punish(
    holding: Holding,
    seq: number,
    death: Death & { delayMs: (kills: number) => number },
    moment: Moment,
  ): NonNullable<Loss['killer']> {
    const [part] = holding.take(seq, seq, moment.now);
    const head = headOf(part!);
    const together = deathsTogether(this.#suspects.blame.name(seq, death));
    // A kill from outside may have been aimed elsewhere: it condemns an item only if a second kill hit the item alone.
    const most = head.kills === 0 && death.isFromOutside ? mostKills - 1 : mostKills;
    const kills = Math.min(head.kills + 1 + together, most);
    const times = kills === 1 ? 'once' : kills === 2 ? 'twice' : `${kills} times`;
    const error = { code: 'KILLED_CONSUMER', message: `killed its consumer ${times}: ${death.cause}` };
    // Then it is only asked for: there is nothing to wait for.
    const delayMs = kills >= mostKills ? 0 : death.delayMs(kills);
    this.#lost.add(seq);
    this.#putOff(part!, { ...head, kills, delayMs, error }, moment);
    this.#endTrial(seq, seq);
    this.#killersInARow += 1;
    return { seq, kills, delayMs, inARow: this.#killersInARow };
  }

  /** An item that was lent waits for a retry from now on. */
  #putOff(part: Returned, retry: Omit<RetryRecord, 'dueAt' | 'frame'>, { wall }: Moment): void {
    const frame = part.lent.origin.kind === 'frame' ? this.#readItem(part) : null;
    this.#lentCount -= 1;
    this.#retrying += 1;
    this.#settleInFrame(part);
    this.#pending.add('retries', { ...retry, dueAt: wall + retry.delayMs, frame });
    if (frame) this.#bytes += frameBytes(frame);
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
}

/**
 * How many deaths of consumers that ran the item with others count against it. Deaths that may have been aimed elsewhere, or
 * for which another item was named, count once at most: they must not condemn all items of a broken consumer.
 */
function deathsTogether({ own, outside, explained }: Suspicion): number {
  return Math.max(own + Math.min(outside, 1), Math.min(explained, 1));
}

/** How many of `count` items may start without being announced: none that wait for an answer of the ledger. */
function freeOf(
  { free }: Holding,
  { mode, history, count }: { mode: DeliveryMode; history: History; count: number },
): number {
  return mode === 'together' && history === 'first' ? Math.min(free, count) : 0;
}

/** What is known of an item that was lent, as a retry. */
function headOf({ lent, from: seq }: Returned): RetryHead {
  const { origin } = lent;
  if (origin.kind === 'retry') return origin.head;
  return { seq, origin: seq, attempt: 1, kills: 0, suspicion: 0, dueAt: 0, delayMs: 0 };
}

const unknownError: ErrorData = { code: 'UNKNOWN', message: 'not known' };

function afterThisRun(): MillraceError {
  return new MillraceError(
    'AFTER_THIS_RUN',
    'all items of this run are settled, and it is about to end: give dead letters back after this run',
    { exitCode: exitCodes.gaveUp },
  );
}
