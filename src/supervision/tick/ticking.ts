import type { Cancel, Clock } from '../../core/clock.ts';

/** Calls the tick at the end of this turn of the event loop if something has changed, and otherwise at a given time. */
export class Ticking {
  readonly #clock: Clock;
  readonly #tick: () => void;
  #isDue = false;
  #isStopped = false;
  #cancelTimer: Cancel = () => undefined;

  constructor(clock: Clock, tick: () => void) {
    this.#clock = clock;
    this.#tick = tick;
  }

  /** Something has changed. */
  touch(): void {
    if (this.#isDue || this.#isStopped) return;
    this.#isDue = true;
    this.#clock.soon(() => {
      this.#isDue = false;
      if (!this.#isStopped) this.#tick();
    });
  }

  /** Also calls it at `at` (monotonic), without a change; with undefined, only after a change. Replaces the last time. */
  comeAt(at: number | undefined): void {
    this.#cancelTimer();
    if (at === undefined || this.#isStopped) return;
    this.#cancelTimer = this.#clock.after(Math.max(at - this.#clock.now(), 1), () => this.touch());
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancelTimer();
  }
}
