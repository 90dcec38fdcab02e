import { writeJson } from '../../core/json.ts';
import { describeValue } from '../../sinks/describe-value.ts';
import { isPlainObject } from '../../sinks/plain-object.ts';
import { badRow } from './bad-row.ts';
import { fold } from './identifier.ts';
import type { OpenTarget } from './options.ts';
import type { Columns } from './schema.ts';
import { columnWithoutType, toSqlite, type Bound, type Column } from './values.ts';

/** The columns that a row has, and their order. Shared by all rows with the same columns. */
export interface Layout {
  readonly table: string;
  readonly names: readonly string[];
  /** The same, and the columns that are `undefined` in the first such row: for a table that is created from it. */
  readonly allNames: readonly string[];
  /** The columns against which the values were checked. */
  readonly columns: readonly Column[];
  /** The table's columns at that time; undefined if the table did not exist yet. */
  readonly known: Columns | undefined;
}

/**
 * Rows as they were when `process` returned them, one after the other: each is its layout, followed by a value for each
 * of the layout's names. Later changes to the object do not affect it. Belongs to no connection.
 */
export type Captured = Layout | Bound;

// The results of one `process` usually have only a few layouts. If it uses every subset of columns, the layouts must
// not fill the memory.
export const maxLayouts = 200;

/** Captures rows for a table whose columns it may know. Never touches the database. */
export class RowReader {
  readonly #target: OpenTarget;
  #columns: Columns | undefined;
  readonly #layouts = new Map<string, Layout>();
  #latest: Layout | undefined;

  constructor(target: OpenTarget) {
    this.#target = target;
  }

  /** From now on values are checked against these columns. */
  expect(columns: Columns): void {
    if (columns === this.#columns) return;
    this.#columns = columns;
    this.#layouts.clear();
    this.#latest = undefined;
  }

  /** Appends the row to `captured`. Throws a BadRow if the sink will never take it. */
  read(row: unknown, captured: Captured[]): void {
    const { table } = this.#target;
    try {
      if (!isPlainObject(row)) throw badRow(table, `expected a plain object as a row, got ${describeValue(row)}`);
      if (this.#latest && capture(row, this.#latest, captured)) return;
      this.#latest = this.#layoutOf(row);
      // The row has a getter or is a proxy.
      if (!capture(row, this.#latest, captured)) refuse(table, 'expected a row that does not change while it is read');
    } catch (error) {
      throw badRow(table, error);
    }
  }

  #layoutOf(row: Record<string, unknown>): Layout {
    const { table, key, newest } = this.#target;
    const allNames = Object.keys(row);
    const names = allNames.filter((name) => row[name] !== undefined);
    if (names.length === 0) return refuse(table, 'expected a row with at least one column, got an empty one');
    const id = writeJson(names);
    const found = this.#layouts.get(id);
    if (found !== undefined) return found;
    requireDistinct(table, names);
    const missing = key.find((name) => !names.some((other) => fold(other) === fold(name)));
    if (missing !== undefined) return refuse(table, `expected a value for the key "${missing}", got none`);
    if (newest !== undefined && !names.some((other) => fold(other) === fold(newest) && row[other] !== null)) {
      return refuse(table, `expected a value for "${newest}", which tells the newest version of a row, got none`);
    }
    const known = this.#columns;
    // An unknown column may exist by the time the row is written. That is checked later.
    const columns = names.map((name) => known?.get(fold(name)) ?? this.#unknownColumn(name));
    const layout = { table, names, allNames, columns, known };
    if (this.#layouts.size >= maxLayouts) this.#layouts.clear();
    this.#layouts.set(id, layout);
    return layout;
  }

  #unknownColumn(name: string): Column {
    const { table, key, isSecret } = this.#target;
    const isKey = key.some((other) => fold(other) === fold(name));
    const label = `table "${table}", column "${name}"`;
    return columnWithoutType({ name, label, isKey, isSecret: (value) => isSecret(name, value) });
  }
}

function requireDistinct(table: string, names: readonly string[]): void {
  const seen = new Set<string>();
  for (const name of names) {
    if (seen.has(fold(name))) refuse(table, `column "${name}" is given twice (SQLite ignores the case of names)`);
    seen.add(fold(name));
  }
}

/** Appends the row, if it has this layout; if not, returns false. */
function capture(row: Record<string, unknown>, layout: Layout, captured: Captured[]): boolean {
  const { names, columns } = layout;
  const start = captured.length;
  let at = start;
  captured[at++] = layout;
  let count = 0;
  // Faster than Object.keys. It also visits what a program has added to Object.prototype. V8 removes this check where that
  // cannot be, which it does not do for Object.hasOwn.
  for (const name in row) {
    if (!Object.prototype.hasOwnProperty.call(row, name)) continue;
    const value = row[name];
    if (value === undefined) continue;
    if (name !== names[count]) return withdraw(captured, start);
    captured[at++] = toSqlite(value, columns[count]!);
    count++;
  }
  return count === names.length || withdraw(captured, start);
}

function withdraw(captured: Captured[], start: number): false {
  captured.length = start;
  return false;
}

function refuse(table: string, problem: string): never {
  throw badRow(table, problem);
}
