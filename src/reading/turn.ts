import type { Clock } from '../core/clock.ts';

/** How long a source that never waits is read without a break. */
const turnMs = 5;

/** The number of quick steps between two readings of the clock. */
const stepsBetweenLooks = 4;

/** They are quick if all of them take less than this, in milliseconds. */
const quickMs = 1;

/**
 * The time for which a source that never waits is read at a stretch, until the event loop gets its turn.
 *
 * A look at the clock costs a tenth of what an item costs the producer at best. So while steps are quick there is one
 * after every fourth only; steps that are slow all of a sudden go unseen at most four times.
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

  /** Call it after each step: whether the time is over. */
  isOver(): boolean {
    this.#stepsToLook -= 1;
    if (this.#stepsToLook > 0) return false;
    const now = this.#clock.now();
    this.#stepsToLook = now - this.#lookedAt < quickMs ? stepsBetweenLooks : 1;
    this.#lookedAt = now;
    return now - this.#startedAt > this.#ms;
  }
}
