import { configError, type MillraceError } from '../../core/errors.ts';
import { affinityOf } from './affinity.ts';
import type { Database } from './database.ts';
import { sqliteCodeOf } from './error-codes.ts';
import { fold, quote } from './identifier.ts';
import type { OpenTarget } from './options.ts';
import { insert, list } from './sql.ts';
import type { Column } from './values.ts';

/** The columns of a table that can be written, by folded name. */
export type Columns = ReadonlyMap<string, Column>;

/** What the sink needs to know about its table. */
export interface TableSchema {
  readonly columns: Columns;
  /** A unique index on the key has a collation under which different texts are equal, such as NOCASE. */
  readonly isKeyLoose: boolean;
}

/**
 * The schema of the target's table; undefined if there is no such table. Throws a configuration error if the options do
 * not allow any row to be written to it: it is a view, lacks a column or a unique index, or has a trigger that SQLite
 * cannot compile.
 */
export function readTable(db: Database, target: OpenTarget): TableSchema | undefined {
  const { table } = target;
  const found = db.prepare("SELECT type, wr, strict FROM pragma_table_list(?) WHERE schema = 'main'").get(table);
  if (found === undefined) return undefined;
  const { type, wr, strict } = found as { type: string; wr: number; strict: number };
  if (type !== 'table') {
    const kind = type === 'view' ? 'a view' : `a ${type} table`;
    throw tableError(target, `expected an ordinary table, got ${kind}; name the table that should hold the rows`);
  }
  const columns = readColumns(db, target, { isWithoutRowid: wr === 1, isStrict: strict === 1 });
  const schema = { columns, isKeyLoose: isKeyLoose(db, target) };
  requireColumns(columns, target);
  requireKey(db, columns, target);
  requireWritable(db, columns, target);
  return schema;
}

function readColumns(
  db: Database,
  { table, key, isSecret }: OpenTarget,
  { isWithoutRowid, isStrict }: { isWithoutRowid: boolean; isStrict: boolean },
): Columns {
  const found = db.prepare('SELECT name, type, hidden, pk FROM pragma_table_xinfo(?)').all(table) as {
    name: string;
    type: string;
    hidden: number;
    pk: number;
  }[];
  const keys = new Set(key.map(fold));
  const isUtf16 = db.pragma('encoding', { simple: true }) !== 'UTF-8';
  // A primary key that is the row number has no separate index.
  const primary = found.filter(({ pk }) => pk > 0);
  const hasRowNumber =
    !isWithoutRowid &&
    primary.length === 1 &&
    db.prepare("SELECT 1 FROM pragma_index_list(?) WHERE origin = 'pk'").get(table) === undefined;
  const columns = found
    // Other hidden columns are computed.
    .filter(({ hidden }) => hidden === 0)
    .map(({ name, type, pk }) => ({
      name,
      label: `table "${table}", column "${name}"`,
      type,
      affinity: affinityOf(type, isStrict),
      isKey: keys.has(fold(name)),
      isRowNumber: hasRowNumber && pk > 0,
      isUtf16,
      isSecret: (value: unknown) => isSecret(name, value),
    }));
  return new Map(columns.map((column) => [fold(column.name), column]));
}

function isKeyLoose(db: Database, { table, key }: OpenTarget): boolean {
  const indexed = db
    .prepare(
      `SELECT i.seq AS "index", c.name, c.coll FROM pragma_index_list(?) i, pragma_index_xinfo(i.name) c
       WHERE i."unique" AND NOT i.partial AND c.key`,
    )
    .all(table) as { index: number; name: string | null; coll: string }[];
  const keys = new Set(key.map(fold));
  const isOfKey = (index: number): boolean => {
    const columns = indexed.filter((column) => column.index === index);
    return columns.length === keys.size && columns.every(({ name }) => name !== null && keys.has(fold(name)));
  };
  return indexed.some(({ index, coll }) => coll !== 'BINARY' && isOfKey(index));
}

function requireColumns(there: Columns, target: OpenTarget): void {
  const { columns = {}, newest = [] } = target;
  const missing = [...Object.keys(columns), newest].flat().filter((name) => !there.has(fold(name)));
  if (missing.length === 0) return;
  throw tableError(
    target,
    `expected the columns ${[...Object.keys(columns), newest].flat().join(', ')}, but ${missing.length === 1 ? `${missing[0]} is` : `${missing.join(' and ')} are`} missing ` +
      `(it has ${namesOf(there)}); add what is missing, or name another table`,
  );
}

/**
 * Throws a configuration error unless the table has a unique index on exactly the key, by which SQLite identifies rows.
 */
function requireKey(db: Database, there: Columns, target: OpenTarget): void {
  const { table, key, file } = target;
  if (key.length === 0) return;
  const keyError = (problem: string, cause?: unknown): MillraceError =>
    configError(
      'SINK_KEY',
      `table "${table}" of ${file} needs a unique index on exactly the key (${list(key)}): ${problem}`,
      cause,
    );
  const missing = key.filter((name) => !there.has(fold(name)));
  if (missing.length > 0) {
    throw keyError(
      `it has no column ${list(missing)} that can be written (it has ${namesOf(there)}); name another key`,
    );
  }
  const create = `CREATE UNIQUE INDEX ${quote(`${table}_key`)} ON ${quote(table)} (${list(key)})`;
  attempt(
    () => db.prepare(insert({ table, key, columns: key })),
    (error) =>
      /ON CONFLICT/i.test(error.message)
        ? keyError(`${error.message}. Create it: ${create}`, error)
        : notWritable(target, error),
  );
}

/** Compiles the statements that will run, and with them the triggers and foreign keys of the table. */
function requireWritable(db: Database, there: Columns, target: OpenTarget): void {
  const { table, key } = target;
  const columns = [...there.values()].map(({ name }) => name);
  if (columns.length === 0) throw tableError(target, 'it has no column that can be written; name another table');
  attempt(
    () => db.prepare(insert({ table, key, columns })),
    (error) => notWritable(target, error),
  );
}

function notWritable(target: OpenTarget, error: Error): MillraceError {
  return tableError(
    target,
    `no row can be written to it: ${error.message}; check its triggers and foreign keys`,
    error,
  );
}

function attempt(prepare: () => unknown, problem: (error: Error) => MillraceError): void {
  try {
    prepare();
  } catch (error) {
    throw sqliteCodeOf(error) === 'SQLITE_ERROR' ? problem(error as Error) : error;
  }
}

/** A configuration error that says what is wrong with the target's table. */
export function tableError({ table, file }: OpenTarget, problem: string, cause?: unknown): MillraceError {
  return configError('SINK_TABLE', `table "${table}" of ${file}: ${problem}`, cause);
}

function namesOf(columns: Columns): string {
  return [...columns.values()].map(({ name }) => name).join(', ');
}
