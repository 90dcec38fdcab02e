import { configError, type MillraceError } from '../../core/errors.ts';
import type { Bigints } from '../../core/exact-json.ts';
import { show } from '../../core/show.ts';
import type { SqlValue } from '../sql-source/cursor.ts';
import { columnsOf, comparison, mayBeSame, nextRows, type Order, type Position } from '../sql-source/keyset.ts';
import type { Window } from '../sql-source/window.ts';
import type { Database } from './database.ts';
import { fold, quote } from './identifier.ts';
import { itemMaker } from './items.ts';
import type { Relation } from './relation.ts';
import { isExactText, mayBeInexact } from './utf8.ts';

/** A page ends early once its values take this much, so that large rows do not fill the memory. */
const pageBytes = 4 * 1024 * 1024;

export interface PageReaderOptions {
  readonly db: Database;
  readonly relation: Relation;
  readonly order: Order;
  readonly window: Window;
  /** The largest number of rows of a page. */
  readonly page: number;
  readonly bigints: Bigints;
}

interface PageRow {
  readonly item: object;
  /** Its values in the order in which its part is read. */
  readonly values: readonly SqlValue[];
}

interface Page {
  readonly rows: readonly PageRow[];
  readonly isLast: boolean;
}

/** Reads one page after another, each in a transaction that ends with the call. */
export class PageReader {
  readonly #options: PageReaderOptions;
  readonly #statements = new Map<string, RowStatement>();
  /** What is selected: the columns of items, then those of the order that items do not have. */
  readonly #selected: readonly string[];
  readonly #itemOf: (row: readonly SqlValue[]) => object;
  readonly #encoding: string;

  constructor(options: PageReaderOptions) {
    const { db, relation, order, bigints } = options;
    this.#options = options;
    const { columns } = relation;
    const isSelected = new Set(columns.map(fold));
    const hidden = [...new Set([...order.columns, ...order.key])].filter((name) => !isSelected.has(fold(name)));
    this.#selected = [...columns, ...hidden];
    this.#itemOf = itemMaker(columns, bigints);
    this.#encoding = db.pragma('encoding', { simple: true }) as string;
  }

  /** The rows after a position. Throws a configuration error if one of them has no key of its own, or inexact text. */
  read(position: Position): Page {
    return this.#options.db.transaction(() => this.#read(position))();
  }

  /** The rows whose cursor is NULL: whether there are any, or how many. */
  countNulls(atMost?: number): number {
    const { relation, order } = this.#options;
    const limit = atMost === undefined ? '' : ` LIMIT ${atMost}`;
    const rows = `SELECT 1 FROM ${relation.sql} ${whereOf(relation, `${quote(order.cursor!)} IS NULL`)}${limit}`;
    return Number(this.#statement(`SELECT count(*) FROM (${rows})`).all(relation.params)[0]![0]);
  }

  /** The lowest and the highest value of the cursor, if there are any. */
  cursorRange(): readonly SqlValue[] {
    const { relation, order } = this.#options;
    const column = quote(order.cursor!);
    return ['ASC', 'DESC'].flatMap((direction) => {
      const where = whereOf(relation, `${column} IS NOT NULL`);
      const sql = `SELECT ${column} FROM ${relation.sql} ${where} ORDER BY ${column} ${direction} LIMIT 1`;
      return this.#statement(sql).all(relation.params).flat();
    });
  }

  /** How SQLite finds a page that is not the first: the lines of its plan. */
  plan(): string[] {
    const { order } = this.#options;
    const { sql, values } = this.#pageQuery({ part: 'rows', after: order.columns.map(() => 0n) });
    const { db, relation } = this.#options;
    const rows = db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...values, 1n, relation.params);
    return (rows as { detail: string }[]).map(({ detail }) => detail);
  }

  #read(position: Position): Page {
    const { page, relation } = this.#options;
    const { sql, values } = this.#pageQuery(position);
    const found: (readonly SqlValue[])[] = [];
    let bytes = 0;
    let isLast = true;
    // One row more than the page has, to see whether it has the key of the last.
    const statement = this.#statement(sql);
    for (const row of statement.iterate(...values, BigInt(page) + 1n, relation.params)) {
      isLast = found.length < page && bytes < pageBytes;
      found.push(row);
      if (!isLast) break;
      bytes += sizeOf(row);
    }
    this.#requireOwnKeys(found, position);
    if (!isLast) found.pop();
    const indexes = this.#indexesOf(columnsOf(position.part, this.#options.order));
    return {
      rows: found.map((row) => {
        this.#requireExactText(row);
        return { item: this.#itemOf(row), values: indexes.map((index) => row[index]!) };
      }),
      isLast,
    };
  }

  #pageQuery(position: Position): { sql: string; values: readonly SqlValue[] } {
    const { relation, order, window } = this.#options;
    const next = nextRows(position, order, window, quote);
    const by = columnsOf(position.part, order).map(quote).join(', ');
    const sql = `SELECT ${this.#selected.map(quote).join(', ')} FROM ${relation.sql} ${whereOf(relation, next.sql)} ORDER BY ${by} LIMIT ?`;
    return { sql, values: next.values };
  }

  #requireOwnKeys(rows: readonly (readonly SqlValue[])[], { part }: Position): void {
    const { order, relation } = this.#options;
    const columns = columnsOf(part, order);
    const indexes = this.#indexesOf(columns);
    let previous: readonly SqlValue[] | undefined;
    for (const row of rows) {
      const values = indexes.map((index) => row[index]!);
      const missing = values.findIndex((value) => value === null);
      if (missing !== -1)
        throw wrongKey(relation, `a row without a value for "${columns[missing]}": ${this.#described(row)}`);
      if (previous && mayBeSame(previous, values) && this.#count(columns, values) > 1) {
        throw wrongKey(relation, `several rows with ${pairs(columns, values)}`);
      }
      previous = values;
    }
  }

  /** How many rows have these values: none, one, or more (2). */
  #count(columns: readonly string[], values: readonly SqlValue[]): number {
    const { relation } = this.#options;
    const same = comparison(columns.map(quote), '=', values);
    const rows = `SELECT 1 FROM ${relation.sql} ${whereOf(relation, same.sql)} LIMIT 2`;
    const statement = this.#statement(`SELECT count(*) FROM (${rows})`);
    return Number(statement.all(...same.values, relation.params)[0]![0]);
  }

  #requireExactText(row: readonly SqlValue[]): void {
    for (const [i, value] of row.entries()) {
      if (typeof value !== 'string' || !mayBeInexact(value)) continue;
      const column = this.#selected[i]!;
      if (isExactText(value, this.#bytesOf(column, row), this.#encoding)) continue;
      const { relation } = this.#options;
      throw configError(
        'SOURCE_TEXT',
        `expected text that is valid ${this.#encoding}, got other bytes in column "${column}" of ${relation.name}, in the row with ` +
          `${this.#described(row)}. Correct the row, or read the bytes of this column with a query: CAST(${quote(column)} AS BLOB) AS ${quote(column)}`,
      );
    }
  }

  /** The bytes of a text as they are in the file; undefined if the row cannot be found, because its key is inexact. */
  #bytesOf(column: string, row: readonly SqlValue[]): Uint8Array | undefined {
    const { relation, order } = this.#options;
    const key = this.#indexesOf(order.key).map((index) => row[index]!);
    const same = comparison(order.key.map(quote), '=', key);
    const sql = `SELECT CAST(${quote(column)} AS BLOB) FROM ${relation.sql} ${whereOf(relation, same.sql)}`;
    return this.#statement(sql).all(...same.values, relation.params)[0]?.[0] as Uint8Array | undefined;
  }

  #described(row: readonly SqlValue[]): string {
    const { key } = this.#options.order;
    return pairs(
      key,
      this.#indexesOf(key).map((index) => row[index]!),
    );
  }

  #indexesOf(columns: readonly string[]): number[] {
    return columns.map((name) => this.#selected.findIndex((other) => fold(other) === fold(name)));
  }

  #statement(sql: string): RowStatement {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const statement = this.#options.db.prepare(sql).raw().safeIntegers() as unknown as RowStatement;
    this.#statements.set(sql, statement);
    return statement;
  }
}

/** A statement that returns rows as lists of exact values. */
interface RowStatement {
  all(...params: unknown[]): SqlValue[][];
  iterate(...params: unknown[]): IterableIterator<SqlValue[]>;
}

function whereOf({ where }: Relation, condition: string): string {
  // The condition of the pipeline may end with a comment.
  const all = [...(where === undefined ? [] : [`(${where}\n)`]), ...(condition === '' ? [] : [condition])];
  return all.length === 0 ? '' : `WHERE ${all.join(' AND ')}`;
}

function sizeOf(row: readonly SqlValue[]): number {
  let bytes = 0;
  for (const value of row) bytes += typeof value === 'string' || value instanceof Uint8Array ? value.length : 8;
  return bytes;
}

function pairs(columns: readonly string[], values: readonly SqlValue[]): string {
  return columns.map((name, i) => `${name} = ${values[i] === null ? 'NULL' : show(values[i])}`).join(', ');
}

function wrongKey({ name }: Relation, got: string): MillraceError {
  return configError(
    'SOURCE_KEY',
    `key: expected columns that identify each row of ${name}, got ${got}. Name more columns, or exclude such rows with where.`,
  );
}
