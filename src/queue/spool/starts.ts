import { randomBytes } from 'node:crypto';
import { dirname, resolve } from 'node:path';
import type { QueueStart } from '../../core/queue-start.ts';
import type { Predecessors } from '../open-spool.ts';
import type { Close } from '../place.ts';
import type { Connection } from './connection.ts';
import type { ReservedSeqs } from './reserved-seqs.ts';

/** Starts whose ids are kept. A sink can be this many starts behind, because none of them got as far as opening it. */
const keptStarts = 1000;

/** Records a start, and returns it together with how its predecessors ended. */
export function beginStart(
  connection: Connection,
  { startedAt, resumeAt }: { startedAt: number | null; resumeAt: number },
): { start: QueueStart; predecessors: Predecessors } {
  // A sink may see this start at once: it must not be forgotten after a power loss.
  return connection.durably((db) =>
    db.transaction(() => {
      const { queue, generation, ...predecessors } = nextGeneration(db);
      const given = (db.prepare(latestNextSeq).pluck().get() ?? 1) as number;
      db.prepare('INSERT INTO starts (generation, id, started_at, given_below, next_seq) VALUES (?, ?, ?, ?, ?)').run(
        generation,
        randomBytes(12).toString('base64url'),
        startedAt,
        given,
        Math.max(given, resumeAt),
      );
      db.prepare('DELETE FROM starts WHERE generation <= ?').run(generation - keptStarts);
      const starts = db.prepare('SELECT * FROM starts ORDER BY generation DESC').all() as StartRow[];
      const start: QueueStart = {
        queue,
        generation,
        ids: starts.map((row) => row.id),
        directory: dirname(resolve(connection.file)),
        givenBelow: starts.map((row) => row.given_below),
        nextSeq: starts.map((row) => row.next_seq),
      };
      return { start, predecessors };
    })(),
  );
}

/** Records how the start of that generation ended. An unused start keeps the record of how its predecessors ended. */
export function endStart(db: Connection['db'], generation: number, how: Close, seqs: ReservedSeqs): void {
  db.transaction(() => {
    seqs.keep();
    db.prepare('UPDATE spool SET is_clean = 1').run();
    if (how === 'unused') {
      db.prepare('UPDATE starts SET started_at = NULL WHERE generation = ?').run(generation);
      return;
    }
    db.prepare('UPDATE spool SET unclean_starts = 0, trial = NULL').run();
    if (how === 'in order') return;
    db.prepare('UPDATE starts SET ended_at = ?, outcome = ?, exit_code = ? WHERE generation = ?').run(
      how.at,
      how.outcome,
      how.exitCode,
      generation,
    );
  })();
}

const latestNextSeq = 'SELECT next_seq FROM run ORDER BY number DESC LIMIT 1';

function nextGeneration(db: Connection['db']): { queue: string; generation: number } & Predecessors {
  return db
    .prepare(
      `UPDATE spool SET generation = generation + 1, is_clean = 0, unclean_starts = unclean_starts + iif(is_clean, 0, 1)
       RETURNING id AS queue, generation, unclean_starts AS uncleanStarts, trial`,
    )
    .get() as { queue: string; generation: number } & Predecessors;
}

interface StartRow {
  id: string;
  given_below: number;
  next_seq: number;
}
