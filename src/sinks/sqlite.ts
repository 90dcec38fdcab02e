import { resolve } from 'node:path';
import { startFolder } from '../core/start-folder.ts';
import { sinkMark, type Sink } from './port.ts';
import { checkOptions } from './sqlite/options.ts';

/**
 * What a key column may hold. The other columns take more, see `sqlite`. Booleans, dates, arrays and objects are stored as
 * numbers or text, so as keys they would be the same as those.
 */
export type SqlValue = string | number | bigint | Uint8Array;

export interface SqliteOptions<K extends string> {
  /** The database file; made if there is none. A relative path starts at the folder that the pipeline is run in. */
  readonly file: string;
  readonly table: string;
  /** The column or columns that tell rows apart: a result with a known key updates its row instead of adding one. */
  readonly key?: K | readonly K[];
  /** `{ name: 'SQL type' }` of the table to make. Without it the first result tells. A table that is there stays as it is, and has to have them. */
  readonly columns?: Readonly<Record<string, string>>;
}

/**
 * Results as rows of a SQLite table: each exactly once, as rows and ledger are one transaction.
 *
 * A result is a plain object, its properties are the columns. `undefined` counts as not given: an insert takes the
 * column's default, an update leaves the column alone. Numbers, text, `null`, bytes and BigInts of 64 bits come back as
 * they were given (-0 as 0). Booleans are stored as 0 and 1, `Date` as ISO text, arrays and objects as JSON text (a `Set`
 * as an array, a `Map` with text keys as an object).
 * Whatever SQLite would store as something else makes the item a dead letter that says so: NaN, infinities, invalid
 * dates, half surrogate pairs, larger BigInts, columns that the table does not have, and values that the column's type
 * converts, such as '08001' in an INTEGER column or 5 in a TEXT column.
 *
 * Without `columns` the first result makes the table, with columns without types: SQLite converts nothing in them. The
 * key becomes its primary key; a table that is there already needs a unique index on exactly the key. Two different keys
 * are never one row: a key is text, a number, a BigInt or bytes, and one that is equal to another only under a collation
 * such as NOCASE is a dead letter.
 *
 * The file is switched to write-ahead logging, and stays so (two files beside it, `-wal` and `-shm`, while it is open).
 * It also gets three small tables, `millrace_ledger`, `millrace_writer` and `millrace_start`. It must be on a local disk.
 *
 * Throws a MillraceError (`SINK_OPTIONS`) if the options are wrong.
 */
// NoInfer: the key is what `key` says. Otherwise a type that the sink is expected to have would make all columns the key.
export function sqlite<const K extends string = never>(
  options: SqliteOptions<K>,
): Sink<{ readonly [P in NoInfer<K>]: SqlValue }> {
  const target = checkOptions(options);
  return {
    [sinkMark]: true,
    kind: 'sqlite',
    delivery: 'transaction',
    target: `${target.file}, table ${target.table}`,
    options: target,
    open: async (context) => {
      // better-sqlite3 is native code: only a consumer that writes pays for loading it.
      const { openWriter } = await import('./sqlite/writer.ts');
      return await openWriter({ ...target, file: resolve(startFolder, target.file) }, context);
    },
  };
}
