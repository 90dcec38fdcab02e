/** One moment of a limit, for people and for programs. */
export interface LimitSnapshot {
  name: string;
  /** Permits held by living processes. */
  held: number;
  /** Permits of processes that died while the vendor may still work on their calls. They come back when those calls would have ended. */
  lingering: number;
  concurrency: number | null;
  rate: string | null;
  /** Calls that wait for a permit. */
  waiting: number;
  frozenMs: number;
  /** Permits granted so far. */
  granted: number;
}
