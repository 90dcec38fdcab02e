import type { Rate } from './units.ts';

/** What a limit allows, read and checked. What a user writes is a `LimitSpec` of the pipeline. */
export interface LimitRules {
  /** At most so many permits held at once. */
  readonly concurrency?: number;
  readonly rate?: Rate;
  /**
   * How long a permit stays taken after the exit of the process that held it, for a vendor that keeps working after a closed
   * connection. Default: until its call would have ended, estimated by the longest of the last 100, at most its own timeout.
   */
  readonly lingerMs?: number;
}
