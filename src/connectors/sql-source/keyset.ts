/**
 * Reads a table in pages: `WHERE (a, b) > (last a, last b) ORDER BY a, b LIMIT n`. `b` orders the rows that have the same
 * `a`, so a page may end among them. Each page is a short query of its own; nothing is open between two pages.
 */
import { keptValue, type SqlCursor, type SqlValue, valueOf } from './cursor.ts';
import type { Origin } from './origin.ts';
import type { Window } from './window.ts';

/** The order in which rows are read. */
export interface Order {
  /** Identifies a row. */
  readonly key: readonly string[];
  /** The column that incremental reading follows. */
  readonly cursor: string | undefined;
  /** All of it: the cursor, then the rest of the key. */
  readonly columns: readonly string[];
}

export function orderOf(key: readonly string[], cursor: string | undefined): Order {
  const columns = cursor === undefined ? key : [cursor, ...key.filter((name) => name !== cursor)];
  return { key, cursor, columns };
}

/** How far reading has come. `nulls`: among the rows whose cursor is NULL, which come after the others. */
export interface Position {
  readonly part: 'rows' | 'nulls';
  /** The values of the last row in the order of its part; undefined before the first. */
  readonly after: readonly SqlValue[] | undefined;
}

export function positionOf(cursor: SqlCursor | undefined): Position {
  if (cursor?.nulls) return { part: 'nulls', after: cursor.nulls.map(valueOf) };
  return { part: 'rows', after: cursor?.after?.map(valueOf) };
}

/** The cursor at a position. `last`: the last cursor, whose place among the other rows the NULLs keep. */
export function cursorAt({ part, after = [] }: Position, origin: Origin, last: SqlCursor | undefined): SqlCursor {
  const kept = after.map(keptValue);
  const rows = part === 'rows' ? kept : (last?.after ?? null);
  return { version: 1, ...origin, after: rows, ...(part === 'nulls' && { nulls: kept }) };
}

/** The columns that a part is read in the order of. */
export function columnsOf(part: Position['part'], order: Order): readonly string[] {
  return part === 'rows' ? order.columns : order.key;
}

/** SQL with a `?` for each value. */
export interface Condition {
  readonly sql: string;
  readonly values: readonly SqlValue[];
}

/** Which rows come next. `operand` makes a column SQL that compares by the same rules as ORDER BY. */
export function nextRows(
  { part, after }: Position,
  order: Order,
  window: Window,
  operand: (column: string) => string,
): Condition {
  const columns = columnsOf(part, order).map(operand);
  const cursor = order.cursor === undefined ? undefined : operand(order.cursor);
  const conditions: Condition[] = [];
  const add = (sql: string, ...values: readonly SqlValue[]): void => void conditions.push({ sql, values });
  if (cursor !== undefined && part === 'nulls') add(`${cursor} IS NULL`);
  if (cursor !== undefined && part === 'rows') {
    // Rows after one that was read are in the window.
    if (after === undefined) for (const value of window.atLeast) add(`${cursor} >= ?`, value);
    if (window.below !== undefined) add(`${cursor} < ?`, window.below);
    if (after === undefined && window.after === undefined) add(`${cursor} IS NOT NULL`);
  }
  const last = after ?? (part === 'rows' ? window.after : undefined);
  if (last !== undefined) conditions.push(comparison(columns, '>', last));
  return {
    sql: conditions.map(({ sql }) => sql).join(' AND '),
    values: conditions.flatMap(({ values }) => values),
  };
}

/** `(a, b) > (?, ?)`. */
export function comparison(columns: readonly string[], operator: '>' | '=', values: readonly SqlValue[]): Condition {
  const row = (parts: readonly string[]): string => (parts.length === 1 ? parts[0]! : `(${parts.join(', ')})`);
  return { sql: `${row(columns)} ${operator} ${row(columns.map(() => '?'))}`, values };
}

/**
 * Whether two rows in key order may have the same key, under any collation that a database uses by default: the
 * database has the last word.
 */
export function mayBeSame(a: readonly SqlValue[], b: readonly SqlValue[]): boolean {
  return a.every((value, i) => loose(value) === loose(b[i]!));
}

function loose(value: SqlValue): unknown {
  if (typeof value === 'bigint') return Number(value);
  // SQLite's NOCASE compares no further than the first NUL.
  if (typeof value === 'string') return value.split('\0', 1)[0]!.trimEnd().toLowerCase();
  return value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : value;
}
