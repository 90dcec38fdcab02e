import { configError } from '../../core/errors.ts';
import { sqliteCodeOf, type Database } from './database.ts';
import { fold, quote } from './identifier.ts';
import type { SqliteTarget } from './options.ts';
import { insert, list } from './sql.ts';
import { storesAsGiven, type Column } from './values.ts';

/** A table's columns that can be written, by folded name. */
export type Columns = ReadonlyMap<string, Column>;

/** The columns of the target's table; undefined if there is no such table. */
export function readColumns(db: Database, { table, key }: SqliteTarget): Columns | undefined {
  const found = db.prepare('SELECT name, type, hidden FROM pragma_table_xinfo(?)').all(table) as {
    name: string;
    type: string;
    hidden: number;
  }[];
  if (found.length === 0) return undefined;
  const keys = new Set(key.map(fold));
  const columns = found
    // The others are computed.
    .filter(({ hidden }) => hidden === 0)
    .map(({ name, type }) => ({
      name,
      label: `table "${table}", column "${name}"`,
      isKey: keys.has(fold(name)),
      asIntegers: storesAsGiven(type),
    }));
  return new Map(columns.map((column) => [fold(column.name), column]));
}

/** Throws a configuration error if the table lacks one of the columns that the options name. */
export function requireColumns(there: Columns, { table, file, columns = {} }: SqliteTarget): void {
  const missing = Object.keys(columns).filter((name) => !there.has(fold(name)));
  if (missing.length === 0) return;
  const names = [...there.values()].map(({ name }) => name).join(', ');
  throw configError(
    'SINK_TABLE',
    `table "${table}" of ${file}: expected the columns ${Object.keys(columns).join(', ')}, and there is no ${missing.join(', ')} ` +
      `(it has ${names}); add what is missing, or name another table`,
  );
}

/** Throws a configuration error unless SQLite can tell rows by the key: unless a unique index is on exactly it. */
export function requireKey(db: Database, { table, key, file }: SqliteTarget): void {
  if (key.length === 0) return;
  try {
    db.prepare(insert(table, key, key));
  } catch (error) {
    if (sqliteCodeOf(error) !== 'SQLITE_ERROR') throw error;
    throw configError(
      'SINK_KEY',
      `table "${table}" of ${file} has to have a unique index on exactly the key (${list(key)}): ${(error as Error).message}. ` +
        `Make one: CREATE UNIQUE INDEX ${quote(`${table}_key`)} ON ${quote(table)} (${list(key)})`,
      error,
    );
  }
}
