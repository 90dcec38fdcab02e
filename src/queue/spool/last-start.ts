import type { StartEnd } from '../place.ts';
import { hasColumn, type ReadSpool } from './reading.ts';

/** The last start of a supervisor that ran the pipeline. `end` is null for one that was killed, or whose disk failed. */
export interface LastStart {
  startedAt: number;
  end: StartEnd | null;
}

interface StartRow {
  startedAt: number;
  endedAt: number | null;
  outcome: StartEnd['outcome'];
  exitCode: number;
}

/** The last start that is recorded in a spool; null if there is none, or an older version made them all. */
export function lastStartIn(db: ReadSpool['db']): LastStart | null {
  if (!hasColumn(db, 'starts', 'started_at')) return null;
  const row = db
    .prepare(
      `SELECT started_at AS startedAt, ended_at AS endedAt, outcome, exit_code AS exitCode FROM starts
       WHERE started_at IS NOT NULL ORDER BY generation DESC LIMIT 1`,
    )
    .get() as StartRow | undefined;
  if (!row) return null;
  const { startedAt, endedAt, outcome, exitCode } = row;
  return { startedAt, end: endedAt === null ? null : { at: endedAt, outcome, exitCode } };
}
