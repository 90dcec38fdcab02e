import type { PastError } from '../../core/dead-letters.ts';
import type { ErrorData } from '../../core/errors.ts';
import { frameBytes } from '../../frame/frame.ts';
import { withError } from '../past-errors.ts';
import { requireRow, type Group } from '../store.ts';
import type { Connection } from './connection.ts';
import { rowFromRun } from './rows.ts';

/** Writes a group within a transaction. Throws if the store does not hold what the group changes. */
export function groupWriting(db: Connection['db']): (group: Group) => void {
  const s = prepare(db);

  const historyOf = (seq: number): string => (s.retryHistory.get(seq) ?? '[]') as string;
  /** The past errors of the item of a retry, if it is one, and `error`; as JSON. */
  const historyWith = (seq: number, at: number, error: ErrorData): string =>
    JSON.stringify(withError(JSON.parse(historyOf(seq)) as PastError[], at, error));

  const writeFrames = ({ frames, progress }: Group): void => {
    for (const { first, frame } of frames) {
      s.insertFrame.run(first, frame.count, frameBytes(frame), frame.shapes, frame.ends, frame.body);
    }
    for (const { first, count, settled } of progress) {
      const isDone = settled.size === count;
      const { changes } = isDone
        ? s.deleteFrame.run(first)
        : s.putProgress.run(JSON.stringify(settled.toFlat()), settled.size, first);
      requireRow(changes === 1, `frame ${first}`);
      if (isDone) s.deleteProgress.run(first);
    }
  };

  const writeRetries = ({ retries, run }: Group): void => {
    for (const { frame, error, inSinks = [], ...retry } of retries) {
      const history = historyWith(retry.seq, retry.dueAt - retry.delayMs, error);
      const row = { ...retry, run: run.run, error: JSON.stringify(error), history, inSinks: JSON.stringify(inSinks) };
      const { changes } = frame
        ? s.insertRetry.run({ ...row, shapes: frame.shapes, body: frame.body })
        : s.updateRetry.run(row);
      requireRow(changes === 1, `retry ${retry.seq}`);
    }
  };

  const writeDead = ({ dead, revived, purged, run }: Group): void => {
    for (const { frame, error, isKnownError, inSinks = [], ...letter } of dead) {
      const history = isKnownError ? historyOf(letter.seq) : historyWith(letter.seq, letter.diedAt, error);
      const texts = { error: JSON.stringify(error), history, inSinks: JSON.stringify(inSinks) };
      s.insertDead.run({ ...letter, ...texts, shapes: frame.shapes, body: frame.body });
    }
    for (const { from, seq, dueAt, frame } of revived) {
      const item = { shapes: frame?.shapes ?? null, body: frame?.body ?? null };
      requireRow(s.revive.run({ from, seq, dueAt, run: run.run, ...item }).changes === 1, `dead letter ${from}`);
      s.deleteDead.run(from);
    }
    for (const seq of purged) requireRow(s.deleteDead.run(seq).changes === 1, `dead letter ${seq}`);
  };

  return (group) => {
    writeFrames(group);
    writeRetries(group);
    writeDead(group);
    for (const seq of group.retriesGone) requireRow(s.deleteRetry.run(seq).changes === 1, `retry ${seq}`);
    for (const { sink, writer, part } of group.parts ?? []) {
      s.putPart.run(group.run.run, sink, writer, JSON.stringify(part));
      s.dropOldParts.run(group.run.run);
    }
    for (const record of group.limits) s.putLimit.run(record.limit, JSON.stringify(record));
    for (const { id, seq, cursor } of group.cursors) s.insertCursor.run(id, seq, cursor);
    if (group.confirmedCursor !== undefined) s.deleteCursors.run(group.confirmedCursor);
    if (group.trial !== undefined) s.putTrial.run(group.trial);
    s.putRun.run(rowFromRun(group.run));
  };
}

function prepare(db: Connection['db']) {
  return {
    insertFrame: db.prepare('INSERT INTO frames (first, count, bytes, shapes, ends, body) VALUES (?, ?, ?, ?, ?, ?)'),
    deleteFrame: db.prepare('DELETE FROM frames WHERE first = ?'),
    // Only for a frame that exists.
    putProgress: db.prepare(`
      INSERT INTO progress SELECT first, ?, ? FROM frames WHERE first = ?
      ON CONFLICT (first) DO UPDATE SET settled = excluded.settled, settled_count = excluded.settled_count`),
    deleteProgress: db.prepare('DELETE FROM progress WHERE first = ?'),
    insertRetry: db.prepare(`
      INSERT INTO retries (seq, run, origin, due_at, delay_ms, attempt, kills, own_fault, in_sinks, error, history, shapes, body)
      VALUES (@seq, @run, @origin, @dueAt, @delayMs, @attempt, @kills, @ownFault, @inSinks, @error, @history, @shapes, @body)`),
    updateRetry: db.prepare(`
      UPDATE retries SET due_at = @dueAt, delay_ms = @delayMs, attempt = @attempt, kills = @kills,
        own_fault = @ownFault, in_sinks = @inSinks, error = @error, history = @history WHERE seq = @seq`),
    retryHistory: db.prepare('SELECT history FROM retries WHERE seq = ?').pluck(),
    deleteRetry: db.prepare('DELETE FROM retries WHERE seq = ?'),
    insertDead: db.prepare(`
      INSERT INTO dead (seq, run, origin, attempts, kills, in_sinks, reason, error, history, died_at, shapes, body)
      VALUES (@seq, @run, @origin, @attempts, @kills, @inSinks, @reason, @error, @history, @diedAt, @shapes, @body)`),
    revive: db.prepare(`
      INSERT INTO retries (seq, run, origin, due_at, delay_ms, attempt, kills, in_sinks, error, history, shapes, body)
      SELECT @seq, @run, origin, @dueAt, 0, 1, 0, in_sinks, error, history, coalesce(@shapes, shapes), coalesce(@body, body)
      FROM dead WHERE seq = @from`),
    deleteDead: db.prepare('DELETE FROM dead WHERE seq = ?'),
    insertCursor: db.prepare('INSERT INTO cursors (id, seq, cursor) VALUES (?, ?, ?)'),
    deleteCursors: db.prepare('DELETE FROM cursors WHERE id <= ?'),
    putPart: db.prepare('INSERT OR REPLACE INTO parts VALUES (?, ?, ?, ?)'),
    dropOldParts: db.prepare('DELETE FROM parts WHERE run <> ?'),
    putTrial: db.prepare('UPDATE spool SET trial = ?'),
    putLimit: db.prepare('INSERT INTO limits VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET data = excluded.data'),
    putRun: db.prepare(`
      INSERT INTO run (run, state, fingerprint, cursor, cursor_count, digest, next_seq, stored, done, dead, done_elsewhere, params, started_at, finished_at, exit_code)
      VALUES (@run, @state, @fingerprint, @cursor, @cursor_count, @digest, @next_seq, @stored, @done, @dead, @done_elsewhere, @params, @started_at, @finished_at, @exit_code)
      ON CONFLICT (run) DO UPDATE SET state = excluded.state, fingerprint = excluded.fingerprint, cursor = excluded.cursor,
        cursor_count = excluded.cursor_count, digest = excluded.digest, next_seq = excluded.next_seq, stored = excluded.stored,
        done = excluded.done, dead = excluded.dead, done_elsewhere = excluded.done_elsewhere, params = excluded.params, finished_at = excluded.finished_at, exit_code = excluded.exit_code`),
  };
}
