import { configError, type MillraceError } from '../../core/errors.ts';
import { didYouMean } from '../../core/nearest.ts';
import type { SqlSettings } from '../sql-source/options.ts';
import type { Database, Statement } from './database.ts';
import { sqliteCodeOf } from './error-codes.ts';
import { fold, quote } from './identifier.ts';

/** What is read: a table, or the rows of a query. */
export interface Relation {
  /** For people. */
  readonly name: string;
  /** What stands after FROM. */
  readonly sql: string;
  /** A condition of the pipeline's own. */
  readonly where: string | undefined;
  /** The properties of items. */
  readonly columns: readonly string[];
  readonly key: readonly string[];
  /** A column in a comparison: SQL that compares by the same rules as ORDER BY. */
  readonly operand: (column: string) => string;
  /** By name, as they are bound. */
  readonly params: Readonly<Record<string, BoundParam>>;
}

export type BoundParam = string | number | bigint | null;

/** Finds what the options name. Throws a configuration error if the database does not have it. */
export function findRelation(
  db: Database,
  settings: SqlSettings,
  params: Readonly<Record<string, BoundParam>>,
): Relation {
  const { from, key, incremental } = settings;
  const found = 'table' in from ? findTable(db, from.table) : findQuery(db, from.query, params);
  const { name, all, operand } = found;
  const columns = 'table' in from ? (from.columns ?? all) : all;
  requireColumns(found, 'columns', columns);
  requireColumns(found, 'key', key ?? [], found.hasRowid ? ['rowid'] : []);
  requireColumns(found, 'incremental: cursor', incremental ? [incremental.cursor] : []);
  const usedKey = key ?? found.primaryKey;
  if (usedKey.length === 0) throw missingKey(found);
  const where = 'table' in from ? from.where : undefined;
  const relation = { name, sql: found.sql, where, columns, key: usedKey, operand, params };
  requireParams(db, relation, 'table' in from ? (where ?? '') : from.query);
  return relation;
}

interface Found {
  readonly name: string;
  readonly sql: string;
  readonly all: readonly string[];
  readonly primaryKey: readonly string[];
  readonly hasRowid: boolean;
  readonly operand: Relation['operand'];
}

function findTable(db: Database, table: string): Found {
  const listed = db.prepare(`SELECT name, type, wr FROM pragma_table_list WHERE schema = 'main'`).all() as Listed[];
  const found = listed.find(({ name }) => fold(name) === fold(table));
  if (found === undefined) {
    const names = listed
      .map(({ name }) => name)
      .filter((name) => !/^sqlite_/i.test(name))
      .toSorted();
    const advice =
      didYouMean(table, names) || `; it has ${names.length === 0 ? 'none' : names.slice(0, 20).join(', ')}`;
    throw configError(
      'SOURCE_TABLE',
      `expected a table "${table}" in ${db.name}, which has none of that name${advice}`,
    );
  }
  const columns = db
    .prepare(`SELECT name, pk FROM pragma_table_xinfo(?, 'main') WHERE hidden <> 1`)
    .all(found.name) as { name: string; pk: number }[];
  const inKey = columns.filter(({ pk }) => pk > 0).toSorted((a, b) => a.pk - b.pk);
  return {
    name: `table ${found.name}`,
    sql: `"main".${quote(table)}`,
    all: columns.map(({ name }) => name),
    primaryKey: inKey.map(({ name }) => name),
    hasRowid: found.type === 'table' && found.wr === 0,
    operand: found.type === 'view' ? operandOf(db, '') : quote,
  };
}

interface Listed {
  name: string;
  type: string;
  wr: number;
}

function findQuery(db: Database, query: string, params: Relation['params']): Found {
  const statement = prepared(db, 'query', query);
  if (!statement.reader || !statement.readonly) throw wrongSql('query', 'expected a SELECT, which only reads');
  const columns = statement.columns().map(({ name }) => name);
  const double = columns.find((name, i) => columns.findIndex((other) => fold(other) === fold(name)) < i);
  if (double !== undefined) {
    throw wrongSql('query', `two of its columns are named "${double}" (SQLite ignores case); name one of them with AS`);
  }
  // On lines of its own, because it may end with a comment.
  const sql = `(\n${query.replace(/[;\s]+$/, '')}\n)`;
  bind(prepared(db, 'query', `SELECT 1 FROM ${sql}`), params, 'query');
  return { name: 'the query', sql, all: columns, primaryKey: [], hasRowid: false, operand: operandOf(db, query) };
}

/**
 * A column of a compound SELECT, such as one with UNION, may hold values that its type would convert. A comparison converts
 * them and ORDER BY does not, so rows would be lost. Unary plus turns the conversion off; it also turns indexes off, so
 * it is used only where a query or one of the views that it may read has such a SELECT.
 */
function operandOf(db: Database, query: string): Relation['operand'] {
  const views = db.prepare(`SELECT sql FROM sqlite_schema WHERE type = 'view'`).pluck().all() as string[];
  const isCompound = [query, ...views].some((sql) => /\b(?:UNION|INTERSECT|EXCEPT)\b/i.test(sql));
  return isCompound ? (column) => `+${quote(column)}` : quote;
}

function requireColumns({ name, all }: Found, option: string, columns: readonly string[], extra: string[] = []): void {
  const known = [...all, ...extra].map(fold);
  const missing = columns.find((column) => !known.includes(fold(column)));
  if (missing === undefined) return;
  const advice = didYouMean(missing, all) || `; the columns are ${all.join(', ')}`;
  throw configError('SOURCE_COLUMN', `${option}: expected a column of ${name}, got "${missing}"${advice}`);
}

function missingKey({ name, hasRowid }: Found): MillraceError {
  const rowid = hasRowid ? `, or 'rowid', as long as nobody runs VACUUM during a run` : '';
  return configError(
    'SOURCE_KEY',
    `key: expected the columns that identify a row, because ${name} has no primary key: name them${rowid}`,
  );
}

/** Every param must be used, and every `:name` must have a value. */
function requireParams(db: Database, { sql, where, params }: Relation, text: string): void {
  const used = new Set(text.match(/(?<=[:@$])[\p{L}\p{N}_$]+/gu));
  const unused = Object.keys(params).find((name) => !used.has(name));
  if (unused !== undefined) {
    throw wrongSql('params', `"${unused}" is not used; write :${unused} in query or where, or leave it out`);
  }
  if (where === undefined) return;
  bind(prepared(db, 'where', `SELECT 1 FROM ${sql} ${whereOf({ where }, '')}`), params, 'where');
  // Here a condition such as `a) OR (b` is no SQL. Between parentheses it is, and means something else.
  prepared(db, 'where', `SELECT CASE WHEN ${where}\nTHEN 1 END FROM ${sql}`);
}

function prepared(db: Database, option: string, sql: string): Statement {
  try {
    return db.prepare(sql);
  } catch (error) {
    if (isRangeError(error)) throw wrongSql(option, `expected one statement, got none or several`, error);
    if (sqliteCodeOf(error) !== 'SQLITE_ERROR') throw error;
    const expectation = option === 'query' ? 'one SELECT' : 'one condition';
    throw wrongSql(option, `expected ${expectation} that SQLite understands: ${(error as Error).message}`, error);
  }
}

function bind(statement: Statement, params: Relation['params'], option: string): void {
  try {
    statement.bind(params);
  } catch (error) {
    const missing = /^Missing named parameter "(.*)"$/.exec((error as Error).message)?.[1];
    if (missing !== undefined) {
      throw wrongSql('params', `${option} uses :${missing}, which has no value; add { ${missing}: … }`, error);
    }
    if (!isRangeError(error)) throw error;
    throw wrongSql(option, `expected values as :name, with params: { name: … }, got ?`, error);
  }
}

/** By name: native code may belong to another realm. */
function isRangeError(error: unknown): boolean {
  return (error as Error).name === 'RangeError';
}

/** WHERE, with the pipeline's own condition and another one, which may be empty. */
export function whereOf({ where }: Pick<Relation, 'where'>, condition: string): string {
  // The condition of the pipeline may end with a comment.
  const all = [...(where === undefined ? [] : [`(${where}\n)`]), ...(condition === '' ? [] : [condition])];
  return all.length === 0 ? '' : `WHERE ${all.join(' AND ')}`;
}

function wrongSql(option: string, problem: string, cause?: unknown): MillraceError {
  return configError('SOURCE_QUERY', `from.sqlite: ${option}: ${problem}`, cause);
}
