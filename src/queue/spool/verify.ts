import type Database from 'better-sqlite3';
import { readingFailure } from './failure.ts';
import { damageIn, disagreementsIn } from './checks.ts';
import { openForReading } from './reading.ts';
import { schemaVersion } from './schema.ts';

/** The content of a spool, and its problems. */
export interface SpoolReport {
  file: string;
  /** The version of its tables. The next start upgrades an older version; until then it is only checked roughly. */
  schema: number;
  /** The latest run; null before the first. */
  run: { run: string; state: string } | null;
  items: { waiting: number; retrying: number; dead: number };
  /** One sentence for each. */
  problems: string[];
}

/**
 * Checks everything in the file of a spool that no supervisor has, and changes nothing. Throws MillraceErrors if the file
 * cannot be opened as a spool. Only for processes that hold no spool themselves: see `openForReading`.
 */
export function verifySpool(file: string, pipeline?: string): SpoolReport {
  const { db, close } = openForReading(file, pipeline);
  try {
    const schema = db.pragma('user_version', { simple: true }) as number;
    const damage = damageIn(db);
    const isKnown = damage.length === 0 && schema === schemaVersion;
    return {
      file,
      schema,
      ...contentsOf(db, schema),
      problems: isKnown ? disagreementsIn(db) : damage,
    };
  } catch (error) {
    throw readingFailure(error, file);
  } finally {
    close();
  }
}

function contentsOf(db: Database.Database, schema: number): Pick<SpoolReport, 'run' | 'items'> {
  const items = { waiting: 0, retrying: 0, dead: 0 };
  // A file that was created but never used.
  if (schema === 0) return { run: null, items };
  const run = db.prepare('SELECT run, state FROM run ORDER BY number DESC LIMIT 1').get() as
    SpoolReport['run'] | undefined;
  const counts = db.prepare(`
    SELECT (SELECT coalesce(sum(count), 0) FROM frames) - (SELECT coalesce(sum(settled_count), 0) FROM progress) AS waiting,
      (SELECT count(*) FROM retries) AS retrying, (SELECT count(*) FROM dead) AS dead`);
  return { run: run ?? null, items: counts.get() as SpoolReport['items'] };
}
