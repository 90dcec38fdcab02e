import type { Cancel, Clock, Moment } from '../../../src/core/clock.ts';

/** Time in a world of its own, the same for all processes. It stands still until it is moved. */
export class WorldTime {
  now = 0;
  /** What the wall clock is ahead of the monotonic one. */
  wallOffset = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
}

interface Timer {
  at: number;
  readonly order: number;
  readonly fn: () => void;
  readonly everyMs: number | undefined;
}

/**
 * One process's clock. What falls due waits until the process gets its turn, as it would on a busy machine. Once the
 * process is gone nothing that it waited for happens any more.
 */
export class ProcessClock implements Clock {
  readonly #time: WorldTime;
  #timers: Timer[] = [];
  #soon: (() => void)[] = [];
  #order = 0;
  #isCut = false;

  constructor(time: WorldTime) {
    this.#time = time;
  }

  now(): number {
    return this.#time.now;
  }

  wall(): number {
    // As Date.now() is: whole.
    return Math.floor(this.#time.now) + this.#time.wallOffset;
  }

  moment(): Moment {
    return { now: this.now(), wall: this.wall() };
  }

  after(ms: number, fn: () => void): Cancel {
    return this.#add(ms, fn, undefined);
  }

  every(ms: number, fn: () => void): Cancel {
    return this.#add(ms, fn, ms);
  }

  soon(fn: () => void): void {
    if (!this.#isCut) this.#soon.push(fn);
  }

  /** The process is gone. */
  cut(): void {
    this.#isCut = true;
    this.#timers = [];
    this.#soon = [];
  }

  /** Whether something waits for the end of this turn of its event loop. */
  get hasTurn(): boolean {
    return this.#soon.length > 0;
  }

  /** Ends this turn of its event loop. */
  turn(): void {
    for (const fn of this.#soon.splice(0)) if (!this.#isCut) fn();
  }

  /** When its next timer falls due. */
  get nextAt(): number {
    let next = Infinity;
    for (const { at } of this.#timers) if (at < next) next = at;
    return next;
  }

  get isDue(): boolean {
    return this.nextAt <= this.#time.now;
  }

  /** Calls the timer that fell due first. */
  fire(): void {
    let first: Timer | undefined;
    for (const timer of this.#timers) {
      if (!first || timer.at < first.at || (timer.at === first.at && timer.order < first.order)) first = timer;
    }
    if (!first || first.at > this.#time.now) return;
    // A process that comes late to a repeated timer finds it due once, as with Node's.
    if (first.everyMs === undefined) this.#remove(first);
    else first.at = this.#time.now + first.everyMs;
    first.fn();
  }

  #add(ms: number, fn: () => void, everyMs: number | undefined): Cancel {
    if (this.#isCut) return () => undefined;
    const timer: Timer = { at: this.#time.now + Math.max(ms, 0), order: this.#order++, fn, everyMs };
    this.#timers.push(timer);
    return () => this.#remove(timer);
  }

  #remove(timer: Timer): void {
    const at = this.#timers.indexOf(timer);
    if (at >= 0) this.#timers.splice(at, 1);
  }
}
