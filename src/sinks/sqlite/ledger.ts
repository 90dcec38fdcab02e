/**
 * What makes the sink's transactions happen once, in three tables beside the rows:
 *
 *     millrace_ledger   run, from_seq, to_seq               items whose results are here, as disjoint runs of seqs
 *     millrace_writer   run, writer, session, generation    who may commit: session -1 is barred
 *     millrace_start    queue, …                            which start of a queue wrote here last, and what the ledger
 *                                                           may have forgotten of it: see known-queue.ts
 *
 * A transaction that writes rows first updates its own row in `millrace_writer`. The update waits for whoever is barring
 * it at that moment, and finds no row afterwards: so a process that was given up for dead cannot commit what has been
 * handed to its successor. All methods but `ask` run inside a transaction of the caller.
 */
import { configError, MillraceError } from '../../core/errors.ts';
import { Intervals, type Interval } from '../../core/intervals.ts';
import { Fenced, type SinkContext } from '../port.ts';
import { refuseForgotten } from '../forgotten.ts';
import type { Database, Statement } from './database.ts';
import { KnownQueue } from './known-queue.ts';

type Who = Pick<SinkContext, 'run' | 'writer' | 'start' | 'isKnown' | 'pipeline' | 'onOtherQueues'>;

const tables = `
  CREATE TABLE IF NOT EXISTS millrace_ledger (
    run TEXT NOT NULL, from_seq INTEGER NOT NULL, to_seq INTEGER NOT NULL, PRIMARY KEY (run, from_seq)
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS millrace_writer (
    run TEXT NOT NULL, writer INTEGER NOT NULL, session INTEGER NOT NULL, generation INTEGER NOT NULL,
    PRIMARY KEY (run, writer)
  ) WITHOUT ROWID`;

export class Ledger {
  readonly #who: Who;
  readonly #session: number;
  readonly #queue: KnownQueue;
  readonly #checkSelf: Statement;
  readonly #lastUpTo: Statement;
  readonly #insert: Statement;
  readonly #bar: Statement;
  readonly #highest: Statement;
  readonly #overlapping: Statement;
  readonly #deleteBetween: Statement;
  readonly #dropLedger: Statement;
  readonly #dropWriters: Statement;

  /**
   * Makes the tables if need be and registers this writer; one that registers again bars its earlier self. Throws
   * `Fenced` if it has been barred, a configuration error if the database has seen a later
   * state of the queue, or not what it must have seen.
   */
  constructor(db: Database, who: Who) {
    this.#who = who;
    db.exec(tables);
    const ofRun = 'millrace_ledger WHERE run = ?';
    this.#highest = db.prepare(`SELECT to_seq FROM ${ofRun} ORDER BY from_seq DESC LIMIT 1`).pluck();
    this.#queue = new KnownQueue(db, who);
    this.#queue.refuseOlder(this.#highestOfRun());
    if (who.isKnown) refuseOtherSink(db, who);
    const register = db.prepare(
      `INSERT INTO millrace_writer (run, writer, session, generation) VALUES (?, ?, 0, ?)
       ON CONFLICT (run, writer) DO UPDATE SET session = session + 1 WHERE session >= 0 RETURNING session`,
    );
    const session = register.pluck().get(who.run, who.writer, who.start.generation) as number | undefined;
    if (session === undefined) throw barred(who.writer);
    this.#session = session;
    const others = this.#queue.others();
    if (others.length > 0) who.onOtherQueues(others);

    this.#checkSelf = db.prepare(
      'UPDATE millrace_writer SET session = session WHERE run = ? AND writer = ? AND session = ?',
    );
    this.#lastUpTo = db.prepare(`SELECT to_seq FROM ${ofRun} AND from_seq <= ? ORDER BY from_seq DESC LIMIT 1`).pluck();
    this.#insert = db.prepare('INSERT INTO millrace_ledger (run, from_seq, to_seq) VALUES (?, ?, ?)');
    this.#bar = db.prepare(
      `INSERT INTO millrace_writer (run, writer, session, generation) VALUES (?, ?, -1, ?)
       ON CONFLICT (run, writer) DO UPDATE SET session = -1`,
    );
    this.#overlapping = db
      .prepare(
        `SELECT from_seq, to_seq FROM ${ofRun} AND from_seq <= ? AND from_seq >=
           ifnull((SELECT max(from_seq) FROM ${ofRun} AND from_seq <= ?), 0)`,
      )
      .raw();
    this.#deleteBetween = db.prepare(`DELETE FROM ${ofRun} AND from_seq > ? AND from_seq < ? AND to_seq < ?`);
    this.#dropLedger = db.prepare(`DELETE FROM ${ofRun}`);
    this.#dropWriters = db.prepare('DELETE FROM millrace_writer WHERE run = ?');
  }

  /** Throws `Fenced` unless this writer may still commit. */
  checkSelf(): void {
    const { run, writer } = this.#who;
    if (this.#checkSelf.run(run, writer, this.#session).changes !== 1) throw barred(writer);
  }

  /**
   * Records `seqs` as done. Throws, leaving the transaction to be rolled back, if one of them is recorded already, or may
   * have been and is forgotten.
   */
  record(seqs: Intervals): void {
    const { run } = this.#who;
    refuseForgotten(this.#queue.write(), seqs);
    for (const [from, to] of seqs) {
      const last = this.#lastUpTo.get(run, to) as number | undefined;
      if (last !== undefined && last >= from) throw overlap(run, from, to);
      this.#insert.run(run, from, to);
    }
  }

  /** Bars `writers`, whether they have registered or not; returns the highest seq that is or was on record, 0 if there is none. */
  fence(writers: readonly number[]): number {
    const { run, writer, start } = this.#who;
    for (const other of writers) if (other !== writer) this.#bar.run(run, other, start.generation);
    return Math.max(this.#highestOfRun(), this.#queue.forgotten().below - 1);
  }

  /** Which of `from`…`to` are on record. Throws if one of them may be forgotten. (The last one that begins at or before `from` may end before it, too.) */
  ask(from: number, to: number): Interval[] {
    const { run } = this.#who;
    const found = new Intervals();
    for (const [first, last] of this.#overlapping.all(run, to, run, from) as [number, number][]) {
      found.add(Math.max(first, from), Math.min(last, to));
    }
    // Last, so that it includes what another process has swept meanwhile.
    refuseForgotten(this.#queue.forgotten(), [[from, to]]);
    return [...found];
  }

  /** Forgets what lies below `before` and contains none of `open`, and the runs in `drop`. */
  prune({ before, open, drop }: { before: number; open: readonly number[]; drop: readonly string[] }): void {
    const { run } = this.#who;
    if (drop.includes(run)) throw new MillraceError('BUG', `the ledger of run ${run} cannot be dropped while it runs`);
    this.#queue.forget({ before, open });
    let after = -1;
    for (const seq of [...open, before].toSorted((a, b) => a - b)) {
      if (seq > before) break;
      this.#deleteBetween.run(run, after, seq, seq);
      after = seq;
    }
    for (const old of drop) {
      this.#dropLedger.run(old);
      this.#dropWriters.run(old);
    }
  }

  #highestOfRun(): number {
    return (this.#highest.get(this.#who.run) as number | undefined) ?? 0;
  }
}

/** Each writer of a run stays on record while it runs. Where there is none, the run's results are somewhere else. */
function refuseOtherSink(db: Database, { run }: Who): void {
  if (db.prepare('SELECT 1 FROM millrace_writer WHERE run = ? LIMIT 1').get(run) !== undefined) return;
  throw otherSink(db.name, run);
}

/** The results that the run has are not in `file`. */
export function otherSink(file: string, run: string): MillraceError {
  return configError(
    'SINK_OTHER',
    `${file} knows nothing of run ${run}, which has results in its sink already: it is another database than the one ` +
      'that has them, or was emptied or deleted. Put that one back, or start over with --fresh.',
  );
}

function barred(writer: number): Fenced {
  return new Fenced(`writer ${writer} has been barred: another process has taken over what it was lent`);
}

function overlap(run: string, from: number, to: number): MillraceError {
  const text = `seqs ${from} to ${to} of run ${run} are in the ledger already, in full or in part; nothing was written`;
  return new MillraceError('LEDGER_OVERLAP', `${text}. This is a bug in Millrace; please report it.`);
}
