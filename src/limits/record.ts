import type { LimitRecord } from '../core/limit-record.ts';

/** A moment in a form that a later process can interpret. */
export interface Instant {
  /** Monotonic milliseconds: comparable until the machine reboots. */
  readonly now: number;
  readonly wall: number;
  /** Identity of the machine's boot; null where it cannot be known. */
  readonly boot: string | null;
}

/** The harmless difference between the clocks of two machines, or of one machine before and after a reboot. */
const clockErrorMs = 10_000;

/**
 * Milliseconds since `record` was made, or less; never negative. Until the machine reboots, the monotonic clock
 * measures this, whatever the wall clock was set to. After a reboot, or on another machine, only the wall clock
 * remains: it is trusted except for a few seconds. If it was set forward by more than that, this cannot be
 * distinguished from time that has passed. If it was set back, a freeze lasts longer, but never longer than intended at
 * the time of the record, and calls look younger than they are.
 */
export function sinceRecord(record: LimitRecord, { now, wall, boot }: Instant): number {
  const recordedBoot = record.boot ?? null;
  if (boot === null || recordedBoot === null) return Math.max(0, wall - record.wall);
  if (boot === recordedBoot) return Math.max(0, now - (record.at ?? now));
  return Math.max(0, wall - record.wall - clockErrorMs);
}
