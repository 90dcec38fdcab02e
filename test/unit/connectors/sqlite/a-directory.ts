import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { to } from '../../../../src/connectors/to.ts';
import { Intervals } from '../../../../src/core/intervals.ts';
import type { SinkContext, SinkWriter } from '../../../../src/sinks/port.ts';
import type { SqliteOptions } from '../../../../src/connectors/sqlite/sink.ts';
import { batchWith, capturedBy } from '../../../contract/captured-by.ts';
import { sinkContext } from '../../../contract/sink-context.ts';

/** A directory with a database and a sink that uses its table "results". */
export class Directory {
  readonly path = realpathSync(mkdtempSync(join(tmpdir(), 'millrace-sqlite-')));
  readonly file = join(this.path, 'results.db');
  readonly #opened: { close(): unknown }[] = [];

  /** Opens the sink, by default on the table "results" and without a key. */
  async open(options: Partial<SqliteOptions<string>> = {}, context: Partial<SinkContext> = {}): Promise<Writer> {
    const sink = to.sqlite<string>({ file: this.file, table: 'results', ...options });
    const writer: SinkWriter<never> = await sink.open(sinkContext(context));
    this.#opened.push(writer);
    let seq = 0;
    return {
      ...(writer as SinkWriter<unknown>),
      async write(...rows) {
        seq++;
        await writer.commit(batchWith(Intervals.of([seq, seq]), capturedBy(writer, rows as never[])));
      },
    };
  }

  /** Another connection to the database, like that of another program. */
  connect(): Sqlite.Database {
    const db = new Sqlite(this.file, { timeout: 0 });
    this.#opened.push(db);
    return db;
  }

  run(...statements: string[]): void {
    const db = new Sqlite(this.file);
    for (const statement of statements) db.exec(statement);
    db.close();
  }

  query(sql = 'SELECT * FROM results'): unknown[] {
    const db = new Sqlite(this.file, { readonly: true });
    db.defaultSafeIntegers(false);
    const rows = db.prepare(sql).all();
    db.close();
    return rows;
  }

  async dispose(): Promise<void> {
    for (const one of this.#opened) await one.close();
    rmSync(this.path, { recursive: true });
  }
}

export interface Writer extends SinkWriter<unknown> {
  /** Commits these rows as results of one item. */
  write(...rows: unknown[]): Promise<void>;
}
