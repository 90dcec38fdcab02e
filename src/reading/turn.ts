import type { Clock } from '../core/clock.ts';

/** How long a source that never waits is read without a break. */
const turnMs = 5;

/** The number of quick steps between two readings of the clock. */
const stepsBetweenLooks = 4;

/** They are quick if all of them take less than this, in milliseconds. */
const quickMs = 1;

/**
 * Limits how long a source that never waits is read before the event loop gets its turn.
 *
 * Reading the clock costs the producer a tenth of what the cheapest item costs. So while steps are quick, it reads the
 * clock only after every fourth step. If steps suddenly become slow, it notices after four of them at most.
 */
export class Turn {
  readonly #clock: Clock;
  readonly #ms: number;
  #startedAt = 0;
  #lookedAt = 0;
  #stepsToLook = 1;

  constructor(clock: Clock, ms: number = turnMs) {
    this.#clock = clock;
    this.#ms = ms;
    this.start();
  }

  /** The event loop has just had its turn. */
  start(): void {
    this.#startedAt = this.#clock.now();
    this.#lookedAt = this.#startedAt;
    this.#stepsToLook = 1;
  }

  /** Lets the event loop have its turn. */
  async pass(): Promise<void> {
    await new Promise<void>((resolve) => this.#clock.soon(resolve));
    this.start();
  }

  /** Call it after each step. Returns whether the time is over. */
  isOver(): boolean {
    this.#stepsToLook -= 1;
    if (this.#stepsToLook > 0) return false;
    const now = this.#clock.now();
    this.#stepsToLook = now - this.#lookedAt < quickMs ? stepsBetweenLooks : 1;
    this.#lookedAt = now;
    return now - this.#startedAt > this.#ms;
  }
}
