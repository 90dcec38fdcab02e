import { existsSync, realpathSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { startDirectory } from '../../core/start-directory.ts';
import { text, type Text } from '../../values/text.ts';
import { defineSink, type Sink } from '../../sinks/port.ts';
import { fold } from './identifier.ts';
import { keyColumnProblems } from './key-columns.ts';
import { checkOptions, checkPath } from './options.ts';

/**
 * What a key column may hold. Other columns accept more, see `sqlite`. Booleans, dates, arrays and objects are stored
 * as numbers or text, so as keys they could equal another key.
 */
export type SqlValue = string | number | bigint | Uint8Array;

/** How rows are written to a table. */
export interface SqliteTable<K extends string = string> {
  /**
   * The column or columns that identify a row: a result with an existing key updates that row instead of adding one.
   */
  readonly key?: K | readonly K[] | undefined;
  /**
   * `{ name: 'SQL type' }` of the table to create. Without it the first result decides. An existing table is not
   * changed, but must have these columns.
   */
  readonly columns?: Readonly<Record<string, string>> | undefined;
  /**
   * With a key: a column that shows which version of a row is the newest. A row replaces one with the same key unless
   * its value in this column is lower. Results may arrive in any order, so without this option a late older version
   * replaces a newer one.
   */
  readonly newest?: string | undefined;
}

export interface SqliteOptions<K extends string, T = never> extends SqliteTable<K> {
  /**
   * The database file; created if it does not exist. A relative path starts at the directory in which the pipeline is
   * run.
   */
  readonly file: Text;
  readonly table?: string | undefined;
  /**
   * Instead of `table`: several tables by name. A result is then an object with rows by table, `{ name: row | row[] }`.
   * All rows of an item are written in one transaction, table by table in this order.
   */
  readonly tables?: T | undefined;
}

/**
 * A row with values in its key's columns. A type that allows null is accepted, because every field of a CSV file may be
 * empty; a row whose key is null is refused when it arrives.
 */
type Keyed<K extends string> = { readonly [P in K]: SqlValue | null };

type KeyOf<T> = T extends { readonly key: infer K }
  ? K extends readonly (infer E)[]
    ? Extract<E, string>
    : Extract<K, string>
  : never;

/** The type of a result with `tables`. */
export type TablesRow<T> = {
  readonly [Name in keyof T]?: Keyed<KeyOf<T[Name]>> | readonly Keyed<KeyOf<T[Name]>>[] | null | undefined;
};

/**
 * Writes results as rows of a SQLite table: each exactly once, because rows and ledger are one transaction.
 *
 * A result is a plain object whose properties are the columns. `undefined` counts as not given: an insert uses the
 * column's default, an update leaves the column unchanged. Numbers, text, `null`, bytes and BigInts of 64 bits read
 * back as they were given (-0 as 0). Booleans are stored as 0 and 1, `Date` as ISO text, arrays and objects as JSON
 * text (a `Set` as an array, a `Map` with text keys as an object). If SQLite would change a value, the item becomes a
 * dead letter that says so: NaN, infinities, invalid dates, half surrogate pairs, larger BigInts, columns that the
 * table does not have, and values that the column's type converts, such as '08001' in an INTEGER column or 5 in a TEXT
 * column.
 *
 * Without `columns` the table is created from the first result, with columns without types, in which SQLite converts
 * nothing. The key becomes its primary key; an existing table needs a unique index on exactly the key. Two different
 * keys never share a row: a key is text, a number, a BigInt or bytes, and if a key equals another only under a
 * collation such as NOCASE, its item becomes a dead letter.
 *
 * The file is switched permanently to write-ahead logging (with two files next to it, `-wal` and `-shm`, while it is
 * open). It also gets three small tables, `millrace_ledger`, `millrace_writer` and `millrace_start`. It must be on a
 * local disk.
 *
 * Throws a MillraceError (`SINK_OPTIONS`) if the options are wrong.
 */
// NoInfer: only `key` decides the key. Otherwise the expected type of the sink would make all columns the key.
export function sqlite<const K extends string = never, const T extends Readonly<Record<string, SqliteTable>> = never>(
  options: SqliteOptions<K, T>,
): Sink<
  [NoInfer<T>] extends [never] ? Keyed<NoInfer<K>> : TablesRow<NoInfer<T>>,
  [NoInfer<T>] extends [never] ? string : Extract<keyof NoInfer<T>, string>
> {
  const target = checkOptions(options);
  const names = target.tables.map(({ table }) => table);
  const tables = `${names.length === 1 ? 'table' : 'tables'} ${names.join(', ')}`;
  return defineSink({
    kind: 'sqlite',
    // SQLite ignores the case of names.
    id: `sqlite:${names.map(fold).toSorted().join(',')}`,
    delivery: 'transaction',
    target: text`${target.file}, ${tables}`,
    options: target,
    // If the file is a param or a secret, it is known only when the sink is opened.
    ...(typeof target.file === 'string' && { lockedPlace: realPath(resolve(startDirectory, target.file)) }),
    ...(target.isByTable
      ? { tables: names }
      : { columnProblems: (columns) => keyColumnProblems(target.tables[0]!, columns) }),
    open: async (context) => {
      // better-sqlite3 is native code, which only a consumer that writes should load.
      const { openWriter } = await import('./writer.ts');
      return await openWriter(
        { ...target, file: resolve(startDirectory, checkPath(context.resolve(target.file))) },
        context,
      );
    },
  });
}

/** The file's path with links resolved, as far as it exists. */
function realPath(file: string): string {
  try {
    return existsSync(file) ? realpathSync(file) : join(realpathSync(dirname(file)), basename(file));
  } catch {
    // Opening it will show whether its directory exists.
    return file;
  }
}
