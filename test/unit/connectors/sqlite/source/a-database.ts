import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { from } from '../../../../../src/connectors/from.ts';
import type { SqliteSourceOptions } from '../../../../../src/connectors/sqlite/source.ts';
import type { Chunk, OpenContext, SourceSpec } from '../../../../../src/sources/port.ts';
import { openContext } from '../../../../support/read-source.ts';

type Options = Partial<SqliteSourceOptions<Record<string, unknown>>>;

/** A row with the cursor after it. */
export interface Read {
  readonly item: unknown;
  readonly cursor: unknown;
}

/** A database in a directory of its own, and a source that reads its table "t" unless the options say otherwise. */
export class ADatabase {
  readonly directory = realpathSync(mkdtempSync(join(tmpdir(), 'millrace-from-sqlite-')));
  readonly file = join(this.directory, 'a.db');
  /** Another program's connection. */
  readonly db: Sqlite.Database;

  constructor(...statements: string[]) {
    this.db = new Sqlite(this.file);
    for (const statement of statements) this.db.exec(statement);
  }

  source(options: Options = {}): SourceSpec {
    const table = options.query === undefined && { table: 't' };
    return from.sqlite({ file: this.file, ...table, ...options });
  }

  /** Reads rows to the end, or the first `most`, with the cursor after each. */
  async read(options: Options = {}, context: Partial<OpenContext> = {}, most = Infinity): Promise<Read[]> {
    const rows: Read[] = [];
    for await (const row of this.rows(options, context)) {
      rows.push(row);
      if (rows.length >= most) break;
    }
    return rows;
  }

  async items(options: Options = {}, context: Partial<OpenContext> = {}): Promise<unknown[]> {
    return (await this.read(options, context)).map(({ item }) => item);
  }

  async *rows(options: Options = {}, context: Partial<OpenContext> = {}): AsyncGenerator<Read> {
    const source = await this.source(options).open(openContext(context));
    try {
      for await (const chunk of source.read() as AsyncIterable<Chunk>) {
        if (!('items' in chunk) || chunk.items.length !== 1) throw new Error('expected one row with its cursor');
        // As the engine keeps it.
        yield { item: chunk.items[0], cursor: JSON.parse(JSON.stringify(chunk.cursor)) };
      }
    } finally {
      await source.close?.();
    }
  }

  async check(options: Options = {}): Promise<readonly string[]> {
    return await this.source(options).check!(openContext());
  }

  dispose(): void {
    this.db.close();
    rmSync(this.directory, { recursive: true });
  }
}
