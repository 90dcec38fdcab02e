import type { LimitRecord } from '../core/limit-record.ts';

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
