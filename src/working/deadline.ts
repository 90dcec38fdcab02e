import type { Cancel, Clock } from '../core/clock.ts';

/** A deadline that can be paused. Pauses nest; it starts without one. */
export class Deadline {
  readonly #clock: Clock;
  readonly #onExpired: () => void;
  #leftMs: number;
  #resumedAt: number;
  #pauses = 0;
  #cancel: Cancel;

  constructor(clock: Clock, ms: number, onExpired: () => void) {
    this.#clock = clock;
    this.#onExpired = onExpired;
    this.#leftMs = ms;
    this.#resumedAt = clock.now();
    this.#cancel = clock.after(ms, onExpired);
  }

  pause(): void {
    this.#pauses += 1;
    if (this.#pauses > 1) return;
    this.#cancel();
    this.#leftMs -= this.#clock.now() - this.#resumedAt;
  }

  resume(): void {
    this.#pauses -= 1;
    if (this.#pauses > 0) return;
    this.#resumedAt = this.#clock.now();
    this.#cancel = this.#clock.after(this.#leftMs, this.#onExpired);
  }

  /** The deadline no longer matters. */
  cancel(): void {
    this.#pauses = Infinity;
    this.#cancel();
  }
}
