/**
 * What must be known of a limit after a restart of the supervisor; plain JSON, at most some 64 buckets long.
 *
 * Times are relative to the moment of the record, which is a wall-clock time, because nothing else survives a restart. A
 * wall clock that was set back meanwhile makes a freeze last longer, but never longer than it was meant to at
 * the record, and calls look younger than they are. One that was set forward while no supervisor ran cannot be told
 * from time that has passed.
 */
export interface LimitRecord {
  readonly limit: string;
  /** Wall-clock milliseconds at which the record was made. */
  readonly wall: number;
  /** What was left of a freeze, in milliseconds; 0 if there was none. */
  readonly frozenMs: number;
  /** `[age, count, age, count, …]`, oldest first: `count` calls whose age in milliseconds was at least `age`. May be negative: still on its way. */
  readonly calls: readonly number[];
}

/** Milliseconds since `record` was made, going by the wall clock; never negative. */
export function sinceRecord(record: LimitRecord, wall: number): number {
  return Math.max(0, wall - record.wall);
}
