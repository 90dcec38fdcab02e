import { writeJson } from '../../core/json.ts';
import { configError, errorData } from '../../core/errors.ts';
import { describeValue } from '../describe-value.ts';
import { isPlainObject } from '../plain-object.ts';
import { BadRow } from '../port.ts';
import { sqliteCodeOf, type Database, type Statement } from './database.ts';
import { isRowsFault } from './fault.ts';
import { fold, identifierProblem } from './identifier.ts';
import type { SqliteTarget } from './options.ts';
import { readColumns, requireColumns, requireKey, type Columns } from './schema.ts';
import { createTable, insert } from './sql.ts';
import { toSqlite, typeFor, type Bound, type Column } from './values.ts';

/** The statement for rows that give the same columns in the same order, and what will be bound to it next. */
interface Shape {
  readonly names: readonly string[];
  readonly columns: readonly Column[];
  readonly bound: Bound[];
  readonly statement: Statement;
}

// Results of one `process` have a handful of shapes. One that goes through all subsets must not fill the memory.
const maxShapes = 200;

/** The table that results go to. Its methods run inside a transaction of the caller. */
export class ResultTable {
  readonly #db: Database;
  readonly #target: SqliteTarget;
  /** Undefined until the table is there. */
  #columns: Columns | undefined;
  readonly #shapes = new Map<string, Shape>();

  /** Makes the table if its columns are known. Throws a configuration error if it cannot be made, or has other columns or another key. */
  constructor(db: Database, target: SqliteTarget) {
    this.#db = db;
    this.#target = target;
    this.#columns = readColumns(db, target);
    if (this.#columns === undefined && target.columns !== undefined) {
      this.#columns = this.#make(target.columns, (error) => {
        const text = `table "${target.table}" of ${target.file} cannot be made: ${error.message}; check columns and key`;
        return configError('SINK_TABLE', text, error);
      });
    }
    if (this.#columns !== undefined) {
      requireColumns(this.#columns, target);
      requireKey(db, target);
    }
  }

  /**
   * Adds the rows, or updates those whose key is there. Throws a BadRow if one of them is at fault. The table is made
   * from the first one if it is not there yet; call `forget` when the transaction was rolled back.
   */
  write(rows: readonly unknown[]): void {
    let shape: Shape | undefined;
    try {
      for (const row of rows) {
        if (shape === undefined || !fits(row, shape)) {
          shape = this.#shapeOf(row);
          // A getter or a proxy; what was bound last must not pass for its value.
          if (!fits(row, shape)) throw this.#badRow('expected a row that stays the same while it is read');
        }
        // Spread, as better-sqlite3 takes longer to read an array than arguments: 10 % of everything here.
        shape.statement.run(...shape.bound);
      }
    } catch (error) {
      throw isRowsFault(error) ? this.#badRow(error) : error;
    }
  }

  /** Lets go of what is known of the table: it may have been made in the transaction that was rolled back. */
  forget(): void {
    this.#columns = undefined;
    this.#shapes.clear();
  }

  #shapeOf(row: unknown): Shape {
    if (!isPlainObject(row)) throw this.#badRow(`expected a plain object as a row, got ${describeValue(row)}`);
    const names = Object.keys(row).filter((name) => row[name] !== undefined);
    if (names.length === 0) throw this.#badRow('expected a row with at least one column, got an empty one');
    const id = writeJson(names);
    const known = this.#shapes.get(id);
    if (known !== undefined) return known;
    this.#requireDistinct(names);
    const { table, key } = this.#target;
    const missing = key.find((name) => !names.some((other) => fold(other) === fold(name)));
    if (missing !== undefined) throw this.#badRow(`expected a value for the key "${missing}", got none`);
    const columns = this.#columnsFor(names, row);
    const statement = this.#db.prepare(insert(table, key, names));
    const shape = { names, columns, bound: columns.map(() => null), statement };
    if (this.#shapes.size >= maxShapes) this.#shapes.clear();
    this.#shapes.set(id, shape);
    return shape;
  }

  #columnsFor(names: readonly string[], row: Record<string, unknown>): Column[] {
    let columns = this.#columns ?? this.#find(row);
    // Somebody may have added the missing one since.
    if (names.some((name) => !columns.has(fold(name)))) columns = this.#find(row);
    this.#columns = columns;
    return names.map((name) => {
      const column = columns.get(fold(name));
      if (column !== undefined) return column;
      const there = [...columns.values()].map((other) => other.name).join(', ');
      throw this.#badRow(`expected one of its columns (${there}), got "${name}"`);
    });
  }

  #requireDistinct(names: readonly string[]): void {
    const seen = new Set<string>();
    for (const name of names) {
      if (seen.has(fold(name)))
        throw this.#badRow(`column "${name}" is given twice (SQLite ignores the case of names)`);
      seen.add(fold(name));
    }
  }

  #find(row: Record<string, unknown>): Columns {
    const columns = readColumns(this.#db, this.#target) ?? this.#makeFrom(row);
    requireKey(this.#db, this.#target);
    return columns;
  }

  #makeFrom(row: Record<string, unknown>): Columns {
    for (const name of Object.keys(row)) {
      const problem = identifierProblem(name);
      if (problem !== undefined) throw this.#badRow(`cannot have a column ${writeJson(name)}: ${problem}`);
    }
    const columns = Object.fromEntries(Object.entries(row).map(([name, value]) => [name, typeFor(value)]));
    return this.#make(columns, (error) => this.#badRow(error));
  }

  /** `blame` says whose fault it is if SQLite cannot make such a table. */
  #make(columns: Readonly<Record<string, string>>, blame: (error: Error) => Error): Columns {
    try {
      this.#db.exec(createTable(this.#target.table, this.#target.key, columns));
    } catch (error) {
      throw sqliteCodeOf(error) === 'SQLITE_ERROR' ? blame(error as Error) : error;
    }
    return readColumns(this.#db, this.#target)!;
  }

  #badRow(fault: unknown): BadRow {
    if (fault instanceof BadRow) return fault;
    const table = `table "${this.#target.table}"`;
    if (typeof fault === 'string') return new BadRow(`${table}: ${fault}`);
    // What is not SQLite's came from the row itself: a getter, a proxy, a value that is too large.
    const what = sqliteCodeOf(fault) === undefined ? 'the row cannot be written: ' : '';
    return new BadRow(`${table}: ${what}${errorData(fault).message}`, { cause: fault });
  }
}

/** Whether `row` has this shape; if so, its values are bound next. */
function fits(row: unknown, { names, columns, bound }: Shape): boolean {
  if (!isPlainObject(row)) return false;
  let i = 0;
  for (const name of Object.keys(row)) {
    const value = row[name];
    if (value === undefined) continue;
    if (name !== names[i]) return false;
    bound[i] = toSqlite(value, columns[i]!);
    i++;
  }
  return i === names.length;
}
