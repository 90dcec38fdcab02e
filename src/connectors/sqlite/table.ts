import { writeJson } from '../../core/json.ts';
import { configError } from '../../core/errors.ts';
import type { BadRow } from '../../sinks/port.ts';
import { badRow } from './bad-row.ts';
import { maxLayouts, RowReader, type Captured, type Layout } from './captured-row.ts';
import type { Database, Statement } from './database.ts';
import { sqliteCodeOf } from './error-codes.ts';
import { isRowsFault } from './fault.ts';
import { fold, identifierProblem } from './identifier.ts';
import type { OpenTarget } from './options.ts';
import { readTable, tableError, type TableSchema } from './schema.ts';
import { createTable, insert, selectStanding } from './sql.ts';
import { toSqlite, type Bound, type Column } from './values.ts';

/** How rows of one layout are written. */
interface Insertion {
  readonly statement: Statement;
  readonly columns: readonly Column[];
  /** The values to bind next. One array is reused for all rows. */
  readonly bound: Bound[];
  /** The rows were checked against exactly these columns when they were captured. */
  readonly isChecked: boolean;
  /**
   * Finds the existing row that made a write unnecessary. Undefined if every write changes a row: only rows without
   * columns other than the key, and tables that keep the newest version, can leave an existing row as it is. `of`: the
   * places in `bound` of the values that it is given.
   */
  readonly standing: { statement: Statement; of: readonly number[] } | undefined;
}

/** The table to which results are written. All of its methods but `capture` run inside a transaction of the caller. */
export class ResultTable {
  readonly #db: Database;
  readonly #target: OpenTarget;
  readonly #reader: RowReader;
  readonly #schemaVersion: Statement;
  /** Undefined until the table exists. */
  #schema: TableSchema | undefined;
  /** The database's schema version when `#schema` was read. */
  #version: unknown;
  /** The table existed before our transaction. */
  #hasBeenThere = false;
  readonly #insertions = new Map<Layout, Insertion>();

  /** Creates the table if its columns are known. Throws a configuration error if it cannot be created or written. */
  constructor(db: Database, target: OpenTarget) {
    this.#db = db;
    this.#target = target;
    this.#reader = new RowReader(target);
    this.#schemaVersion = db.prepare('PRAGMA schema_version').pluck();
    this.#read();
    if (this.#schema === undefined && target.columns !== undefined) {
      this.#make(target.columns, (error) => {
        const text = `table "${target.table}" of ${target.file} cannot be created: ${error.message}; check columns and key`;
        return configError('SINK_TABLE', text, error);
      });
    }
  }

  /**
   * Appends the row as it is now, for `write`. Throws a BadRow if it is at fault, as far as that can be known without
   * the table.
   */
  capture(row: unknown, captured: Captured[]): void {
    this.#reader.read(row, captured);
  }

  /**
   * Adds the captured rows of this table, or updates the rows whose key exists. Throws a BadRow if one of them is at
   * fault, or a configuration error if the table has been changed so that no row can be written. Creates the table from
   * the first row if it does not exist; call `forget` when the transaction was rolled back.
   */
  write(captured: readonly Captured[]): void {
    try {
      let schema: TableSchema | undefined;
      let layout: Layout | undefined;
      let insertion: Insertion | undefined;
      for (let at = 0; at < captured.length; at += 1 + layout.names.length) {
        if (layout === undefined || captured[at] !== layout) {
          layout = captured[at] as Layout;
          insertion = undefined;
          if (layout.table !== this.#target.table) continue;
          schema ??= this.#current(layout);
          insertion = this.#insertionFor(layout, schema);
        }
        if (insertion !== undefined) this.#writeRow(insertion, captured, at + 1);
      }
    } catch (error) {
      throw isRowsFault(error) ? badRow(this.#target.table, error) : error;
    }
  }

  /** Forgets the table's schema: the table may have been created in the transaction that was rolled back. */
  forget(): void {
    this.#schema = undefined;
    this.#version = undefined;
    this.#insertions.clear();
  }

  #writeRow(
    { statement, columns, bound, isChecked, standing }: Insertion,
    captured: readonly Captured[],
    from: number,
  ): void {
    for (let i = 0; i < bound.length; i++) {
      const value = captured[from + i] as Bound;
      bound[i] = isChecked ? value : toSqlite(value, columns[i]!);
    }
    // Spread, because better-sqlite3 reads arguments faster than an array: 10 % of the time here.
    const { changes } = statement.run(...bound);
    if (changes > 0 || standing?.statement.get(...standing.of.map((i) => bound[i])) !== undefined) return;
    throw this.#refused();
  }

  /** SQLite reports no error for a row that it left out. */
  #refused(): BadRow {
    const { table, key } = this.#target;
    const keys = key.map((name) => `"${name}"`).join(', ');
    return badRow(
      table,
      this.#schema?.isKeyLoose === true
        ? `a row exists whose key (${keys}) is a different text that is equal under the collation of its unique index; ` +
            'write keys in one form, or create the index with COLLATE BINARY'
        : 'a trigger (RAISE(IGNORE)) or a constraint (ON CONFLICT IGNORE) dropped the row',
    );
  }

  /** The table's current schema. `layout`: of the row that creates it if it does not exist. */
  #current(layout: Layout): TableSchema {
    // Kept from a transaction that was committed.
    if (this.#schema !== undefined) this.#hasBeenThere = true;
    const hasChanged = this.#schema === undefined || this.#version !== this.#schemaVersion.get();
    if (hasChanged) this.#read();
    return this.#schema ?? this.#makeFrom(layout);
  }

  #read(): void {
    this.forget();
    const schema = readTable(this.#db, this.#target);
    if (schema === undefined && this.#hasBeenThere) {
      throw tableError(this.#target, 'it no longer exists; restore it, or start over with --fresh');
    }
    if (schema === undefined) return;
    this.#hasBeenThere = true;
    this.#use(schema);
  }

  #use(schema: TableSchema): void {
    this.#schema = schema;
    this.#version = this.#schemaVersion.get();
    this.#reader.expect(schema.columns);
  }

  #insertionFor(layout: Layout, { columns: there, isKeyLoose }: TableSchema): Insertion {
    const known = this.#insertions.get(layout);
    if (known !== undefined) return known;
    const { table, key, newest } = this.#target;
    const columns = layout.names.map((name) => {
      const column = there.get(fold(name));
      if (column !== undefined) return column;
      const names = [...there.values()].map((other) => other.name).join(', ');
      throw badRow(table, `expected one of its columns (${names}), got "${name}"`);
    });
    const { names } = layout;
    const isKeyOnly = names.length === key.length;
    // With a loose key, an older version and a key alone write the existing row as it is.
    const mayStand = !isKeyLoose && key.length > 0 && (isKeyOnly || newest !== undefined);
    const insertion = {
      statement: this.#db.prepare(insert({ table, key, columns: names, isKeyLoose, newest })),
      columns,
      bound: columns.map(() => null),
      isChecked: layout.known === there,
      standing: mayStand ? this.#standing(names, isKeyOnly ? undefined : newest) : undefined,
    };
    if (this.#insertions.size >= maxLayouts) this.#insertions.clear();
    this.#insertions.set(layout, insertion);
    return insertion;
  }

  #standing(names: readonly string[], newest: string | undefined): Insertion['standing'] {
    const { table, key } = this.#target;
    const of = [...key, newest ?? []].flat().map((name) => names.findIndex((other) => fold(other) === fold(name)));
    return { statement: this.#db.prepare(selectStanding({ table, key, newest })), of };
  }

  #makeFrom({ allNames }: Layout): TableSchema {
    const { table } = this.#target;
    for (const name of allNames) {
      const problem = identifierProblem(name);
      if (problem !== undefined) throw badRow(table, `cannot have a column ${writeJson(name)}: ${problem}`);
    }
    // Without types SQLite stores each value as given.
    const columns = Object.fromEntries(allNames.map((name) => [name, '']));
    return this.#make(columns, (error) => badRow(table, error));
  }

  /** `blame` makes the error if SQLite cannot create such a table. */
  #make(columns: Readonly<Record<string, string>>, blame: (error: Error) => Error): TableSchema {
    try {
      this.#db.exec(createTable(this.#target.table, this.#target.key, columns));
    } catch (error) {
      throw sqliteCodeOf(error) === 'SQLITE_ERROR' ? blame(error as Error) : error;
    }
    const schema = readTable(this.#db, this.#target)!;
    this.#use(schema);
    return schema;
  }
}
