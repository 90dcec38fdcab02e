/** Cancels a timer; calling it again does nothing. */
export type Cancel = () => void;

/** A moment, on both clocks. */
export interface Moment {
  /** Monotonic milliseconds. */
  now: number;
  /** Wall-clock milliseconds since 1970. */
  wall: number;
}

/**
 * Time as everything else in Millrace sees it. It is passed in, so that tests and simulations can turn it by hand.
 */
export interface Clock {
  /**
   * Monotonic milliseconds: for durations, deadlines and back-off. Never goes back, and means the same in all processes
   * until the machine is booted again.
   */
  now(): number;
  /** Wall-clock milliseconds since 1970: only for what is shown or must outlive the process. */
  wall(): number;
  /** Both at once. */
  moment(): Moment;
  /** Calls `fn` once, after `ms` milliseconds. */
  after(ms: number, fn: () => void): Cancel;
  /** Calls `fn` every `ms` milliseconds. */
  every(ms: number, fn: () => void): Cancel;
  /** Calls `fn` once the events that are ready now have been handled: the end of the tick. */
  soon(fn: () => void): void;
}

// Longest delay that Node's timers take; a longer one would fire at once.
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
    // Not performance.now(), which begins with the process: this one begins with the machine, for all processes.
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

/** Resolves after `ms` milliseconds of `clock`, at once when `signal` aborts. */
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
