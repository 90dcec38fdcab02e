import type { Cancel, Clock, Moment } from '../../../src/core/clock.ts';

/** The time of one world, the same for all its processes. It stands still until it is advanced. */
export class WorldTime {
  now = 0;
  /** How far the wall clock is ahead of the monotonic clock. */
  wallOffset = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
}

interface Timer {
  at: number;
  readonly order: number;
  readonly fn: () => void;
  readonly everyMs: number | undefined;
}

/**
 * The clock of one process. A timer that is due waits until the process gets its turn, as on a busy machine. Once the
 * process is gone, its timers never fire.
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
    // A whole number, like Date.now().
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

  /** The process has ended. */
  cut(): void {
    this.#isCut = true;
    this.#timers = [];
    this.#soon = [];
  }

  /** Whether any callback waits for the end of this turn of its event loop. */
  get hasTurn(): boolean {
    return this.#soon.length > 0;
  }

  /** Ends this turn of its event loop. */
  turn(): void {
    for (const fn of this.#soon.splice(0)) if (!this.#isCut) fn();
  }

  /** When its next timer is due. */
  get nextAt(): number {
    let next = Infinity;
    for (const { at } of this.#timers) if (at < next) next = at;
    return next;
  }

  get isDue(): boolean {
    return this.nextAt <= this.#time.now;
  }

  /** Calls the timer that was due first. */
  fire(): void {
    let first: Timer | undefined;
    for (const timer of this.#timers) {
      if (!first || timer.at < first.at || (timer.at === first.at && timer.order < first.order)) first = timer;
    }
    if (!first || first.at > this.#time.now) return;
    // A process that is late for a repeated timer finds it due once, as in Node.
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
