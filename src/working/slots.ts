import type { Clock } from '../core/clock.ts';
import { Intervals } from '../core/intervals.ts';
import { isThenable } from '../core/thenable.ts';
import { Waiters } from '../core/waiters.ts';
import type { Frame } from '../frame/frame.ts';
import { Ahead } from './ahead.ts';
import type { Pace } from './pace.ts';

/** A run of items of one delivery that wait for a slot. */
export interface Waiting {
  /** The next item to start, and the last one, as seqs. */
  next: number;
  last: number;
  readonly frame: Frame;
  /** Seq of the frame's first item. */
  readonly first: number;
  /** The seq that `first` had first, if a dead letter was given back; the others' follow it. */
  readonly origin: number;
  /** The run in which it got that one. */
  readonly originRun: string;
  readonly attempt: number;
  /** The last of them that may start without being announced. */
  announcedTo: number;
}

/** The item and its attempt. */
export interface ItemId {
  readonly seq: number;
  readonly origin: number;
  readonly originRun: string;
  readonly attempt: number;
}

/** The context of an item's `process`, from its start until it settles. */
export interface Scope {
  readonly seq: number;
  abort: (reason: Error) => void;
  /** The item has settled: closes everything that it left open. */
  finish: () => void;
}

/** The same, with what decodes the items of its frame. */
type Readable = Waiting & { read: ReadItem };

/** Reads item `index` of a frame. Raw records up to `last` may be decoded with it: they count as started. */
export type ReadItem = (index: number, last: number) => unknown;

/** An item in a slot whose `process` has not settled yet. */
interface Running<S extends Scope> {
  readonly scope: S;
  readonly startedAt: number;
}

export interface SlotsOptions<S extends Scope> {
  clock: Clock;
  concurrency: number;
  decoder: { reader: (frame: Frame) => ReadItem };
  scope: (id: ItemId) => S;
  process: (item: unknown, scope: S) => unknown;
  pace: Pace;
  /**
   * Announces that these items may start from now on. Returns undefined if the supervisor gets the message even if this
   * process dies at once, else a promise that resolves when that is so.
   */
  announce: (items: Intervals) => Promise<void> | undefined;
  onDone: (scope: S, result: unknown) => void;
  onFailed: (scope: S, error: unknown) => void;
}

// A run of synchronous items is interrupted after this long, for messages that have arrived.
const turnMs = 10;

/**
 * A consumer's slots: at most C items are being processed at a time. An item whose `process` returns without a
 * promise never leaves the loop: no promise, no timer, no slot.
 */
export class Slots<S extends Scope> {
  readonly #options: SlotsOptions<S>;
  readonly #waiting: Readable[] = [];
  readonly #running = new Map<number, Running<S>>();
  #isStopped = false;
  #isPumping = false;
  #turnIsDue = false;
  #isAnnouncing = false;
  readonly #ahead = new Ahead();
  readonly #waiters = new Waiters();

  constructor(options: SlotsOptions<S>) {
    this.#options = options;
  }

  get running(): number {
    return this.#running.size;
  }

  /** Items that wait for a slot. */
  get waiting(): number {
    return this.#waiting.reduce((sum, { next, last }) => sum + last - next + 1, 0);
  }

  /** Slots that are empty with nothing left to start: the idle capacity of this consumer. */
  get idleSlots(): number {
    return this.#waiting.length > 0 ? 0 : this.#options.concurrency - this.#running.size;
  }

  /** For how long the oldest item has been in its slot, in milliseconds. */
  get oldestMs(): number {
    const oldest = this.#running.values().next().value;
    return oldest ? this.#options.clock.now() - oldest.startedAt : 0;
  }

  /** Takes a run of items, to be started in order. */
  add(waiting: Waiting): void {
    this.#waiting.push({ ...waiting, read: this.#options.decoder.reader(waiting.frame) });
    this.#pump();
  }

  /** Gives back up to `most` items that have not been started, the last ones first. */
  giveBack(most: number): Intervals {
    const items = new Intervals();
    for (let run = this.#waiting.at(-1); run && items.size < most; run = this.#waiting.at(-1)) {
      const from = Math.max(run.last - (most - items.size) + 1, run.next);
      items.add(from, run.last);
      run.last = from - 1;
      if (run.next > run.last) this.#waiting.pop();
    }
    return items;
  }

  /** Starts nothing more; returns the items that were not started. */
  stop(): Intervals {
    this.#isStopped = true;
    const left = new Intervals();
    for (const { next, last } of this.#waiting) if (next <= last) left.add(next, last);
    this.#waiting.length = 0;
    return left;
  }

  /** Aborts items that have been running for longer than `ms`. */
  abortOlderThan(ms: number, reason: Error): void {
    const now = this.#options.clock.now();
    for (const { scope, startedAt } of this.#running.values()) {
      if (now - startedAt < ms) return; // They are in the order of their start.
      scope.abort(reason);
    }
  }

  /** Gives up on items that have been running for longer than `ms`: their results are ignored. Returns their seqs. */
  abandonOlderThan(ms: number): number[] {
    const now = this.#options.clock.now();
    const abandoned = [...this.#running.values()].filter(({ startedAt }) => now - startedAt >= ms);
    for (const { scope } of abandoned) this.#running.delete(scope.seq);
    return abandoned.map(({ scope }) => scope.seq);
  }

  /** Removes the running items that `isWanted` selects; their results are ignored. Returns their scopes, still open. */
  withdraw(isWanted: (scope: S) => boolean): S[] {
    const withdrawn = [...this.#running.values()].map(({ scope }) => scope).filter((scope) => isWanted(scope));
    for (const { seq } of withdrawn) this.#running.delete(seq);
    if (withdrawn.length > 0 && this.#running.size === 0) this.#waiters.wake();
    return withdrawn;
  }

  /** Resolves when nothing runs. */
  idle(): Promise<void> {
    return this.#running.size === 0 ? Promise.resolve() : this.#waiters.next();
  }

  #pump(): void {
    if (this.#isPumping || this.#turnIsDue || this.#isAnnouncing) return;
    this.#isPumping = true;
    const { clock, concurrency, pace } = this.#options;
    const startedAt = clock.now();
    let now = startedAt;
    // Added up here: a call for each would show in the time of quick items.
    let ended = 0;
    let endedMs = 0;
    while (!this.#isStopped && this.#running.size < concurrency) {
      const first = this.#waiting[0];
      if (!first) break;
      if (first.next > first.announcedTo && !this.#announce(now)) break;
      const seq = first.next++;
      if (first.next > first.last) this.#waiting.shift();
      const isRunning = this.#start(first, seq, now);
      const before = now;
      now = clock.now();
      if (!isRunning) {
        ended += 1;
        endedMs += now - before;
      }
      if (now - startedAt > turnMs && this.#waiting.length > 0) {
        this.#turnIsDue = true;
        clock.soon(() => {
          this.#turnIsDue = false;
          this.#pump();
        });
        break;
      }
    }
    pace.blocked(now - startedAt);
    pace.ended(ended, endedMs);
    this.#isPumping = false;
  }

  /** Announces the next few items. False if the message is still on its way: the pump continues when it is sent. */
  #announce(now: number): boolean {
    const items = new Intervals();
    const most = this.#ahead.size(now);
    for (const run of this.#waiting) {
      const from = Math.max(run.next, run.announcedTo + 1);
      run.announcedTo = Math.max(run.announcedTo, Math.min(run.last, from + most - items.size - 1));
      items.add(from, run.announcedTo);
      if (items.size >= most) break;
    }
    this.#ahead.announced(items.size, now);
    const flushed = this.#options.announce(items);
    if (!flushed) return true;
    this.#isAnnouncing = true;
    void this.#pumpAfter(flushed);
    return false;
  }

  async #pumpAfter(flushed: Promise<void>): Promise<void> {
    await flushed;
    this.#isAnnouncing = false;
    this.#pump();
  }

  /** Starts an item. True if the item is still running when this returns. */
  #start(run: Readable, seq: number, startedAt: number): boolean {
    const { first, origin, originRun, read, attempt } = run;
    const { process, onDone, onFailed } = this.#options;
    const scope = this.#options.scope({ seq, origin: origin + seq - first, originRun, attempt });
    let result: unknown;
    let running: Promise<unknown> | undefined;
    try {
      result = process(read(seq - first, Math.min(run.last, run.announcedTo) - first), scope);
      // A `then` that does not belong to a promise may throw, or call back at once or twice. That must only make its
      // own item fail.
      if (isThenable(result)) running = Promise.resolve(result);
    } catch (error) {
      scope.finish();
      onFailed(scope, error);
      return false;
    }
    if (!running) {
      scope.finish();
      onDone(scope, result);
      return false;
    }
    this.#running.set(seq, { scope, startedAt });
    running.then(
      (value) => this.#settled(scope, () => onDone(scope, value)),
      (error: unknown) => this.#settled(scope, () => onFailed(scope, error)),
    );
    return true;
  }

  #settled(scope: S, tell: () => void): void {
    const running = this.#running.get(scope.seq);
    // Given up: its failure has already been reported.
    if (!running) return;
    this.#running.delete(scope.seq);
    const { clock, pace } = this.#options;
    pace.ended(1, clock.now() - running.startedAt);
    scope.finish();
    tell();
    this.#pump();
    if (this.#running.size === 0) this.#waiters.wake();
  }
}
