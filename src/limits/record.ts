/**
 * What must be known of a limit after a restart of the supervisor; plain JSON, at most some 64 buckets long. Times are
 * relative to the moment of the record; how long ago that was, `sinceRecord` tells.
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

/** A moment as a later process can place it. */
export interface Instant {
  /** Monotonic milliseconds: comparable while the machine has not been booted again. */
  readonly now: number;
  readonly wall: number;
  /** Identity of the machine's boot; null where it cannot be known. */
  readonly boot: string | null;
}

/** How far the clocks of two machines, or of one before and after a boot, may be apart without harm. */
const clockErrorMs = 10_000;

/**
 * Milliseconds since `record` was made, or less; never negative. As long as the machine has not been booted again the
 * monotonic clock tells, whatever the wall clock was set to. After a boot, or on another machine, there is only the
 * wall clock: it is believed, but for a few seconds. One that was set forward by more than that meanwhile cannot be
 * told from time that has passed. One that was set back makes a freeze last longer, but never longer than it was meant
 * to at the record, and calls look younger than they are.
 */
export function sinceRecord(record: LimitRecord, { now, wall, boot }: Instant): number {
  const recordedBoot = record.boot ?? null;
  if (boot === null || recordedBoot === null) return Math.max(0, wall - record.wall);
  if (boot === recordedBoot) return Math.max(0, now - (record.at ?? now));
  return Math.max(0, wall - record.wall - clockErrorMs);
}
