/** Cancels a timer. Idempotent. */
export type Cancel = () => void;

/** A moment, on both clocks. */
export interface Moment {
  /** Monotonic milliseconds. */
  now: number;
  /** Wall-clock milliseconds since 1970. */
  wall: number;
}

/**
 * The time for all of Millrace. It is passed in, so that tests and simulations can control it.
 */
export interface Clock {
  /**
   * Monotonic milliseconds: for durations, deadlines and back-off. Never goes back, and means the same in all processes
   * until the machine reboots.
   */
  now(): number;
  /** Wall-clock milliseconds since 1970: only for display, and for times that must outlive the process. */
  wall(): number;
  /** The time on both clocks. */
  moment(): Moment;
  /** Calls `fn` once, after `ms` milliseconds. */
  after(ms: number, fn: () => void): Cancel;
  /** Calls `fn` every `ms` milliseconds. */
  every(ms: number, fn: () => void): Cancel;
  /** Calls `fn` when the events that are ready now have been handled: at the end of the tick. */
  soon(fn: () => void): void;
}

// The longest delay that Node's timers take; a longer one would fire at once.
const longestTimerMs = 2 ** 31 - 1;

function afterAnyTime(ms: number, fn: () => void): Cancel {
  let timer: NodeJS.Timeout;
  const wait = (left: number): void => {
    const step = Math.min(left, longestTimerMs);
    timer = setTimeout(() => (left > step ? wait(left - step) : fn()), step);
  };
  wait(Math.max(ms, 0));
  return () => clearTimeout(timer);
}

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => {
    // Not performance.now(), which counts from the start of the process. This counts from the boot, in all processes.
    const [seconds, nanoseconds] = process.hrtime();
    return seconds * 1000 + nanoseconds / 1e6;
  },
  wall: () => Date.now(),
  moment() {
    return { now: this.now(), wall: this.wall() };
  },
  after: afterAnyTime,
  every(ms, fn) {
    const timer = setInterval(fn, Math.min(ms, longestTimerMs));
    return () => clearInterval(timer);
  },
  soon: (fn) => void setImmediate(fn),
};

/** Resolves after `ms` milliseconds of `clock`, or at once when `signal` aborts. */
export function pause(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const finish = (): void => {
      cancel();
      signal?.removeEventListener('abort', finish);
      resolve();
    };
    const cancel = clock.after(ms, finish);
    signal?.addEventListener('abort', finish);
  });
}
