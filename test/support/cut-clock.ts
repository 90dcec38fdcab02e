import type { Cancel, Clock } from '../../src/core/clock.ts';

/** One process's view of a clock: once it is cut, nothing that the process waits for happens any more. */
export class CutClock implements Clock {
  readonly #clock: Clock;
  #isCut = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  cut(): void {
    this.#isCut = true;
  }

  now(): number {
    return this.#clock.now();
  }

  wall(): number {
    return this.#clock.wall();
  }

  after(ms: number, fn: () => void): Cancel {
    return this.#clock.after(ms, this.#whileAlive(fn));
  }

  every(ms: number, fn: () => void): Cancel {
    return this.#clock.every(ms, this.#whileAlive(fn));
  }

  soon(fn: () => void): void {
    this.#clock.soon(this.#whileAlive(fn));
  }

  #whileAlive(fn: () => void): () => void {
    return () => {
      if (!this.#isCut) fn();
    };
  }
}
