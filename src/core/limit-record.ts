/**
 * What must be known of a limit after a restart of the supervisor; plain JSON, with at most some 64 buckets. Times are
 * relative to the moment when the record was made; how long ago that was is worked out by `sinceRecord` in
 * limits/record.ts. One supervisor writes it for the next; the queue only keeps it.
 */
export interface LimitRecord {
  readonly limit: string;
  /** Wall-clock milliseconds at which the record was made. */
  readonly wall: number;
  /** The same moment on the monotonic clock, which begins with the machine's boot; and which boot that is, where it is known. */
  readonly at?: number;
  readonly boot?: string | null;
  /** What was left of a freeze, in milliseconds; 0 if there was none. */
  readonly frozenMs: number;
  /** `[age, count, age, count, …]`, oldest first: `count` calls whose age in milliseconds was at least `age`. May be negative: still on its way. */
  readonly calls: readonly number[];
  /** About the longest time of recent calls, in milliseconds; left out if it is not needed. */
  readonly longestMs?: number;
}
