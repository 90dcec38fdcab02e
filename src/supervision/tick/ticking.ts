import type { Cancel, Clock } from '../../core/clock.ts';

/** The longest time that a tick waits for more messages, however long ticks take. */
const longestWaitMs = 10;

export interface TickingOptions {
  clock: Clock;
  tick: () => void;
  /** The beginning of a frame has come, and its end has not. */
  isMoreArriving: () => boolean;
}

/**
 * Calls the tick at the end of this turn of the event loop if something has changed, and otherwise at a given time.
 *
 * One turn receives what fits into the socket's buffer: a frame or two. Where a commit takes longer than that, most of the
 * time would be spent in commits. So while a frame is arriving, the tick waits for it, and for those that follow it without
 * a gap, as long as the last tick took. Then at least half of the time is left for receiving, whatever the disk is like.
 */
export class Ticking {
  readonly #options: TickingOptions;
  #isDue = false;
  #isStopped = false;
  /** How long the last tick took. */
  #tookMs = 0;
  /** When the tick began to wait for more; undefined if it does not wait. */
  #waitingSince: number | undefined;
  #cancelWait: Cancel = () => undefined;
  #cancelTimer: Cancel = () => undefined;

  constructor(options: TickingOptions) {
    this.#options = options;
  }

  /** Something has changed. */
  touch(): void {
    if (this.#isDue || this.#isStopped) return;
    this.#isDue = true;
    this.#options.clock.soon(() => {
      this.#isDue = false;
      if (!this.#isStopped && !this.#waitsForMore()) this.#tick();
    });
  }

  /** Also calls it at `at` (monotonic), without a change; with undefined, only after a change. Replaces the last time. */
  comeAt(at: number | undefined): void {
    const { clock } = this.#options;
    this.#cancelTimer();
    if (at === undefined || this.#isStopped) return;
    this.#cancelTimer = clock.after(Math.max(at - clock.now(), 1), () => this.touch());
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancelTimer();
    this.#cancelWait();
  }

  #waitsForMore(): boolean {
    const { clock, isMoreArriving } = this.#options;
    if (!isMoreArriving()) return false;
    const now = clock.now();
    const isFirst = this.#waitingSince === undefined;
    this.#waitingSince ??= now;
    const left = this.#waitingSince + Math.min(this.#tookMs, longestWaitMs) - now;
    // The end of the frame calls `touch` as well. The timer is for a frame that stops arriving in the middle.
    if (left > 0 && isFirst) this.#cancelWait = clock.after(left, () => this.touch());
    return left > 0;
  }

  #tick(): void {
    const { clock, tick } = this.#options;
    this.#cancelWait();
    this.#waitingSince = undefined;
    const before = clock.now();
    tick();
    this.#tookMs = clock.now() - before;
  }
}
