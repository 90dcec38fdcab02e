import type { Clock, Moment } from '../../src/core/clock.ts';

/** A clock that stands still until the test turns it. */
export class HandClock implements Clock {
  #now = 0;
  #timers: { at: number; fn: () => void; everyMs: number | undefined }[] = [];
  #soon: (() => void)[] = [];
  readonly #startedAt: number;
  /** Milliseconds that pass each time it is read. */
  perLook = 0;

  constructor(startedAt = Date.UTC(2026, 0, 2, 3, 4, 5, 678)) {
    this.#startedAt = startedAt;
  }

  now(): number {
    this.#now += this.perLook;
    return this.#now;
  }

  wall(): number {
    return this.#startedAt + this.#now;
  }

  moment(): Moment {
    return { now: this.now(), wall: this.wall() };
  }

  after(ms: number, fn: () => void, everyMs?: number): () => void {
    const timer = { at: this.#now + ms, fn, everyMs };
    this.#timers.push(timer);
    return () => void (this.#timers = this.#timers.filter((other) => other !== timer));
  }

  every(ms: number, fn: () => void): () => void {
    return this.after(ms, fn, ms);
  }

  soon(fn: () => void): void {
    this.#soon.push(fn);
  }

  /** How many timers are pending. */
  get waiting(): number {
    return this.#timers.length;
  }

  /** Ends the tick. */
  endTick(): void {
    for (const fn of this.#soon.splice(0)) fn();
  }

  /** Lets `ms` milliseconds pass while this process stands still: timers that become due run once, at the next turn. */
  standStill(ms: number): void {
    this.#now += ms;
    for (const timer of this.#timers) timer.at = Math.max(timer.at, this.#now);
  }

  /** Lets `ms` milliseconds pass, and calls the timers that become due in order. */
  turn(ms: number): void {
    const end = this.#now + ms;
    this.endTick();
    for (;;) {
      const next = this.#timers.toSorted((a, b) => a.at - b.at)[0];
      if (next === undefined || next.at > end) break;
      this.#now = Math.max(next.at, this.#now);
      if (next.everyMs === undefined) this.#timers = this.#timers.filter((other) => other !== next);
      else next.at += next.everyMs;
      next.fn();
      this.endTick();
    }
    this.#now = end;
  }
}
