import type { Clock } from './clock.ts';

/** So many steps of a loop at most are done between two looks at the clock. */
const mostUnlooked = 4;

/** As many steps are quick if they take less than this, in milliseconds. */
const quickMs = 1;

/**
 * The time that a loop which never waits may take at a stretch, until the event loop gets its turn: a source or a
 * `process` that is synchronous must not make this process deaf.
 *
 * A look at the clock costs a twentieth of what an item does at best. So as long as steps are quick only every fourth
 * one is followed by a look.
 */
export class Turn {
  readonly #clock: Clock;
  readonly #ms: number;
  #startedAt: number;
  #lookedAt: number;
  #unlooked = 1;

  constructor(clock: Clock, ms: number) {
    this.#clock = clock;
    this.#ms = ms;
    this.#startedAt = clock.now();
    this.#lookedAt = this.#startedAt;
  }

  /** The event loop has just had its turn. */
  start(): void {
    this.#startedAt = this.#clock.now();
    this.#lookedAt = this.#startedAt;
    this.#unlooked = 1;
  }

  /** To be asked after each step: whether the time is over. */
  isOver(): boolean {
    this.#unlooked -= 1;
    if (this.#unlooked > 0) return false;
    const now = this.#clock.now();
    this.#unlooked = now - this.#lookedAt < quickMs ? mostUnlooked : 1;
    this.#lookedAt = now;
    return now - this.#startedAt > this.#ms;
  }
}
