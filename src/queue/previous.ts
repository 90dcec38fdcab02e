import type { LimitRecord } from '../core/limit-record.ts';
import type { ParamValues } from '../core/params.ts';
import type { RunRecord } from './store.ts';

/** The final cursor of the last finished run with these params from this source. */
export interface PreviousCursor {
  /** Identifies params and source. */
  key: string;
  /** As JSON. */
  cursor: string;
}

/**
 * Passes on, from run to run, where the last finished run with the same params and source ended. The start after a
 * finished run notes that; until then the run's own record has its cursor.
 */
export interface PreviousCursors {
  /** Notes the final cursor of `run`, if it is finished and has one. Idempotent. */
  note(run: RunRecord): void;
  /** Records that `run` reads from `source`. Call it before anything is read. */
  reads(run: string, source: string): void;
  /** The cursor for a run with these params from this source, as JSON. */
  find(params: ParamValues, source: string): string | null;
  /** All of them, oldest first. */
  all(): PreviousCursor[];
  /** Adds or replaces these: from now on they are the newest. */
  add(cursors: readonly PreviousCursor[]): void;
}

/** What a queue that is archived passes on to the one in its place. */
export interface PassedOn {
  limits: readonly LimitRecord[];
  previous: readonly PreviousCursor[];
}
