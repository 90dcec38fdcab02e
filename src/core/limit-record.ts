/**
 * What must be known of a limit after a restart of the supervisor; plain JSON, with at most some 64 buckets. Times are
 * relative to the moment when the record was made; how long ago that was is worked out by `sinceRecord` in
 * limits/record.ts. One supervisor writes it for the next; the queue only keeps it.
 */
export interface LimitRecord {
  readonly limit: string;
  /** When the record was made, in wall-clock milliseconds. */
  readonly wall: number;
  /** The same moment on the monotonic clock, which counts from the machine's boot; and the id of that boot, if known. */
  readonly at?: number;
  readonly boot?: string | null;
  /** How much longer the limit should stay frozen, in milliseconds; 0 if it was not frozen. */
  readonly frozenMs: number;
  /**
   * `[age, count, age, count, …]`, oldest first: `count` calls whose age in milliseconds was at least `age`. A negative age
   * means that the call has not been made yet.
   */
  readonly calls: readonly number[];
  /** Roughly the longest duration of recent calls, in milliseconds; left out if it is not needed. */
  readonly longestMs?: number;
}
