/** What a sink database records about a queue that writes to it, in one row of `millrace_start`. */
import type { SinkContext, OtherQueue } from '../port.ts';
import { forgetMore, nothingForgotten, refuseUnheardSeqs, type Forgotten } from '../forgotten.ts';
import { refuseOlderQueue, type SeenStart } from '../older-queue.ts';
import type { Database, Statement } from './database.ts';

const table = `
  CREATE TABLE IF NOT EXISTS millrace_start (
    queue TEXT NOT NULL PRIMARY KEY, generation INTEGER NOT NULL, start TEXT NOT NULL
  ) WITHOUT ROWID`;

/** Columns that the first version of the table did not have. */
const laterColumns = {
  forgotten_below: 'INTEGER NOT NULL DEFAULT 0',
  kept: "TEXT NOT NULL DEFAULT '[]'",
  pipeline: 'TEXT',
  directory: 'TEXT',
};

interface Row extends SeenStart {
  below: number;
  kept: string;
}

/**
 * The row is written with the first results of a start, not when the start opens the sink: a queue that is refused
 * before it has written anything leaves no trace, and the right one can take its place. All methods but `forgotten` and
 * `others` run inside a transaction of the caller.
 */
export class KnownQueue {
  readonly #who: Pick<SinkContext, 'start' | 'pipeline'>;
  readonly #read: Statement;
  readonly #note: Statement;
  readonly #forget: Statement;
  readonly #others: Statement;

  /** Creates the table, or adds the columns that an earlier version lacks. */
  constructor(db: Database, who: Pick<SinkContext, 'start' | 'pipeline'>) {
    this.#who = who;
    db.exec(table);
    const there = db.prepare("SELECT name FROM pragma_table_info('millrace_start')").pluck().all();
    for (const [name, type] of Object.entries(laterColumns)) {
      if (!there.includes(name)) db.exec(`ALTER TABLE millrace_start ADD COLUMN ${name} ${type}`);
    }
    this.#read = db.prepare(
      'SELECT generation, start AS id, forgotten_below AS below, kept FROM millrace_start WHERE queue = ?',
    );
    this.#note = db.prepare(
      `INSERT INTO millrace_start (queue, generation, start, pipeline, directory) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (queue) DO UPDATE SET generation = excluded.generation, start = excluded.start,
         pipeline = excluded.pipeline, directory = excluded.directory`,
    );
    this.#forget = db.prepare('UPDATE millrace_start SET forgotten_below = ?, kept = ? WHERE queue = ?');
    this.#others = db.prepare('SELECT queue, directory FROM millrace_start WHERE pipeline = ? AND queue <> ? LIMIT 10');
  }

  /** Throws a configuration error if the queue is an older copy of what has written here. `highest`: of this run's ledger. */
  refuseOlder(highest: number): void {
    const { start } = this.#who;
    const row = this.#row();
    if (!row) return;
    refuseOlderQueue(start, row);
    refuseUnheardSeqs(start, { ...row, forgotten: forgottenIn(row) }, highest);
  }

  /** Call it with each change of the sink. Throws if a later start has changed it. Returns what the ledger may have forgotten. */
  write(): Forgotten {
    const { start, pipeline } = this.#who;
    const row = this.#row();
    if (row?.id !== start.ids[0]) {
      if (row) refuseOlderQueue(start, row);
      this.#note.run(start.queue, start.generation, start.ids[0]!, pipeline, start.directory);
    }
    return forgottenIn(row);
  }

  /** The ledger may have forgotten what is below `before`, except `open`. */
  forget(sweep: { before: number; open: readonly number[] }): void {
    const { below, kept } = forgetMore(this.write(), sweep);
    this.#forget.run(below, JSON.stringify(kept), this.#who.start.queue);
  }

  forgotten(): Forgotten {
    return forgottenIn(this.#row());
  }

  /** Other queues that have written results of a pipeline of this name. */
  others(): OtherQueue[] {
    const { pipeline, start } = this.#who;
    return this.#others.all(pipeline, start.queue) as OtherQueue[];
  }

  #row(): Row | undefined {
    return this.#read.get(this.#who.start.queue) as Row | undefined;
  }
}

function forgottenIn(row: Row | undefined): Forgotten {
  if (!row) return nothingForgotten;
  // Parsed only if there is a list, because this runs with each commit.
  return { below: row.below, kept: row.kept === '[]' ? [] : (JSON.parse(row.kept) as number[]) };
}
