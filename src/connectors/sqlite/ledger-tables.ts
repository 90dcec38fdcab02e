import { Intervals, type Interval } from '../../core/intervals.ts';
import { nothingForgotten } from '../../ledger/forgotten.ts';
import type { KnownQueue, LedgerTables } from '../../ledger/tables.ts';
import type { OtherQueue } from '../../sinks/port.ts';
import type { Database, Statement } from './database.ts';

const tables = `
  CREATE TABLE IF NOT EXISTS millrace_ledger (
    sink TEXT NOT NULL, run TEXT NOT NULL, from_seq INTEGER NOT NULL, to_seq INTEGER NOT NULL,
    PRIMARY KEY (sink, run, from_seq)
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS millrace_writer (
    sink TEXT NOT NULL, run TEXT NOT NULL, writer INTEGER NOT NULL, session INTEGER NOT NULL, generation INTEGER NOT NULL,
    PRIMARY KEY (sink, run, writer)
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS millrace_start (
    sink TEXT NOT NULL, queue TEXT NOT NULL, generation INTEGER NOT NULL, start TEXT NOT NULL,
    forgotten_below INTEGER NOT NULL, kept TEXT NOT NULL, pipeline TEXT NOT NULL, directory TEXT NOT NULL,
    PRIMARY KEY (sink, queue)
  ) WITHOUT ROWID`;

interface QueueRow extends Omit<KnownQueue, 'forgotten'> {
  below: number;
  kept: string;
}

/** The ledger's tables in a SQLite database, next to the rows. Creates them if they do not exist. */
export function ledgerTables(db: Database, sink: string): LedgerTables {
  db.exec(tables);
  const ofRun = 'millrace_ledger WHERE sink = ? AND run = ?';
  const queue = db.prepare(
    `SELECT generation, start AS id, forgotten_below AS below, kept, pipeline, directory
     FROM millrace_start WHERE sink = ? AND queue = ?`,
  );
  const saveQueue = db.prepare('INSERT OR REPLACE INTO millrace_start VALUES (?, ?, ?, ?, ?, ?, ?, ?)');
  const otherQueues = db.prepare(
    'SELECT queue, directory FROM millrace_start WHERE sink = ? AND pipeline = ? AND queue <> ? LIMIT 10',
  );
  const knowsRun = db.prepare('SELECT 1 FROM millrace_writer WHERE sink = ? AND run = ? LIMIT 1');
  const register = db
    .prepare(
      `INSERT INTO millrace_writer VALUES (?, ?, ?, 0, ?)
       ON CONFLICT DO UPDATE SET session = session + 1 WHERE session >= 0 RETURNING session`,
    )
    .pluck();
  const touch = db.prepare(
    'UPDATE millrace_writer SET session = session WHERE sink = ? AND run = ? AND writer = ? AND session = ?',
  );
  const bar = db.prepare('INSERT INTO millrace_writer VALUES (?, ?, ?, -1, ?) ON CONFLICT DO UPDATE SET session = -1');
  const highest = db.prepare(`SELECT to_seq FROM ${ofRun} ORDER BY from_seq DESC LIMIT 1`).pluck();
  const lastUpTo = db.prepare(`SELECT to_seq FROM ${ofRun} AND from_seq <= ? ORDER BY from_seq DESC LIMIT 1`).pluck();
  // The last interval that begins at or before `from` may end before `from`.
  const touching = db
    .prepare(
      `SELECT from_seq, to_seq FROM ${ofRun} AND from_seq <= ? AND from_seq >=
         ifnull((SELECT max(from_seq) FROM ${ofRun} AND from_seq <= ?), 0)`,
    )
    .raw();
  const insert = db.prepare('INSERT INTO millrace_ledger VALUES (?, ?, ?, ?)');
  const deleteBetween = db.prepare(`DELETE FROM ${ofRun} AND from_seq > ? AND from_seq < ? AND to_seq < ?`);
  const drops: Statement[] = [`DELETE FROM ${ofRun}`, 'DELETE FROM millrace_writer WHERE sink = ? AND run = ?'].map(
    (sql) => db.prepare(sql),
  );

  return {
    place: db.name,
    isLasting: true,
    queue(id) {
      const row = queue.get(sink, id) as QueueRow | undefined;
      if (!row) return undefined;
      const { below, kept, ...rest } = row;
      // Parsed only if there is a list, because this runs with each commit.
      const forgotten = kept === '[]' && below === 0 ? nothingForgotten : { below, kept: listOf(kept) };
      return { ...rest, forgotten };
    },
    saveQueue(id, { generation, id: start, forgotten: { below, kept }, pipeline, directory }) {
      saveQueue.run(sink, id, generation, start, below, JSON.stringify(kept), pipeline, directory);
    },
    otherQueues: (pipeline, id) => otherQueues.all(sink, pipeline, id) as OtherQueue[],
    knowsRun: (run) => knowsRun.get(sink, run) !== undefined,
    register: (run, writer, generation) => register.get(sink, run, writer, generation) as number | undefined,
    touch: (run, writer, session) => touch.run(sink, run, writer, session).changes === 1,
    bar: (run, writer, generation) => void bar.run(sink, run, writer, generation),
    highest: (run) => (highest.get(sink, run) as number | undefined) ?? 0,
    within(run, from, to) {
      const found = new Intervals();
      for (const [first, last] of touching.all(sink, run, to, sink, run, from) as [number, number][]) {
        found.add(Math.max(first, from), Math.min(last, to));
      }
      return [...found];
    },
    overlap(run, items): Interval | undefined {
      for (const [from, to] of items) {
        const last = lastUpTo.get(sink, run, to) as number | undefined;
        if (last !== undefined && last >= from) return [from, to];
      }
      return undefined;
    },
    insert(run, items) {
      for (const [from, to] of items) insert.run(sink, run, from, to);
    },
    deleteBetween: (run, after, before) => void deleteBetween.run(sink, run, after, before, before),
    drop: (run) => drops.forEach((statement) => statement.run(sink, run)),
  };
}

function listOf(kept: string): number[] {
  return kept === '[]' ? [] : (JSON.parse(kept) as number[]);
}
