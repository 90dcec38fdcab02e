import { configError, type MillraceError } from '../../core/errors.ts';
import type { Bigints } from '../../core/exact-json.ts';
import { show } from '../../core/show.ts';
import type { SqlValue } from '../sql-source/cursor.ts';
import { columnsOf, comparison, mayBeSame, nextRows, type Order, type Position } from '../sql-source/keyset.ts';
import type { Window } from '../sql-source/window.ts';
import type { ExactRows } from './exact-rows.ts';
import { fold, quote } from './identifier.ts';
import { itemMaker } from './items.ts';
import { whereOf, type Relation } from './relation.ts';
import { isExactText, mayBeInexact } from './utf8.ts';

/** A page ends early once its rows take about this much, so that they do not fill the memory. */
const pageBytes = 4 * 1024 * 1024;

export interface PageReaderOptions {
  readonly rows: ExactRows;
  /** As `PRAGMA encoding` names it. */
  readonly encoding: string;
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
  /** What is selected: the columns of items, then those of the order that items do not have. */
  readonly #selected: readonly string[];
  readonly #itemOf: (row: readonly SqlValue[]) => object;

  constructor(options: PageReaderOptions) {
    const { relation, order, bigints } = options;
    this.#options = options;
    const { columns } = relation;
    const isSelected = new Set(columns.map(fold));
    const hidden = [...new Set([...order.columns, ...order.key])].filter((name) => !isSelected.has(fold(name)));
    this.#selected = [...columns, ...hidden];
    this.#itemOf = itemMaker(columns, bigints);
  }

  /** The rows after a position. Throws a configuration error if one of them has no key of its own, or inexact text. */
  read(position: Position): Page {
    return this.#options.rows.inTransaction(() => this.#read(position));
  }

  /** How SQLite finds a page that is not the first: the lines of its plan. */
  plan(): string[] {
    const { rows, relation, order } = this.#options;
    const { sql, values } = this.#pageQuery({ part: 'rows', after: order.columns.map(() => 0n) });
    return rows.all(`EXPLAIN QUERY PLAN ${sql}`, ...values, 1n, relation.params).map((row) => String(row.at(-1)));
  }

  #read(position: Position): Page {
    const { rows, page, relation } = this.#options;
    const { sql, values } = this.#pageQuery(position);
    const found: (readonly SqlValue[])[] = [];
    let bytes = 0;
    let isLast = true;
    // One row more than the page has, to see whether it has the key of the last.
    for (const row of rows.iterate(sql, ...values, BigInt(page) + 1n, relation.params)) {
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
        this.#requireExactText(row, position);
        return { item: this.#itemOf(row), values: indexes.map((index) => row[index]!) };
      }),
      isLast,
    };
  }

  #pageQuery(position: Position): { sql: string; values: readonly SqlValue[] } {
    const { relation, order, window } = this.#options;
    const next = nextRows(position, order, window, relation.operand);
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
      if (previous && mayBeSame(previous, values) && this.#rowsWith('1', columns, values).length > 1) {
        throw wrongKey(relation, `several rows with ${pairs(columns, values)}`);
      }
      previous = values;
    }
  }

  #requireExactText(row: readonly SqlValue[], { part }: Position): void {
    const { relation, order, encoding } = this.#options;
    for (const [i, value] of row.entries()) {
      if (typeof value !== 'string' || !mayBeInexact(value)) continue;
      const column = this.#selected[i]!;
      if (isExactText(value, this.#bytesOf(column, columnsOf(part, order), row), encoding)) continue;
      throw configError(
        'SOURCE_TEXT',
        `expected text that is valid ${encoding}, got other bytes in column "${column}" of ${relation.name}, in the row with ` +
          `${this.#described(row)}. Correct the row, or read the bytes of this column with a query: CAST(${quote(column)} AS BLOB) AS ${quote(column)}`,
      );
    }
  }

  /** The bytes of a text as they are in the file; undefined if the row is not found, because its key is inexact. */
  #bytesOf(column: string, identity: readonly string[], row: readonly SqlValue[]): Uint8Array | undefined {
    const values = this.#indexesOf(identity).map((index) => row[index]!);
    const name = quote(column);
    return this.#rowsWith(`CAST(${name} AS BLOB)`, identity, values)[0]?.[0] as Uint8Array | undefined;
  }

  /** The first two rows that have these values. */
  #rowsWith(select: string, columns: readonly string[], values: readonly SqlValue[]): readonly (readonly SqlValue[])[] {
    const { rows, relation } = this.#options;
    const same = comparison(columns.map(relation.operand), '=', values);
    const sql = `SELECT ${select} FROM ${relation.sql} ${whereOf(relation, same.sql)} LIMIT 2`;
    return rows.all(sql, ...same.values, relation.params);
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
}

/** About how much memory a row takes: many small values take more than their bytes. */
function sizeOf(row: readonly SqlValue[]): number {
  let bytes = 200 + 16 * row.length;
  for (const value of row) if (typeof value === 'string' || value instanceof Uint8Array) bytes += value.length;
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
