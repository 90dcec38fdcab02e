import type { SqlValue } from '../sql-source/cursor.ts';
import type { Database } from './database.ts';

/** Runs queries of one connection, whose rows are lists of exact values. Statements are prepared once. */
export class ExactRows {
  readonly #db: Database;
  readonly #statements = new Map<string, Statement>();

  constructor(db: Database) {
    this.#db = db;
  }

  all(sql: string, ...params: readonly unknown[]): readonly (readonly SqlValue[])[] {
    return this.#statement(sql).all(...params);
  }

  /** Reads no further than the caller does. No other statement may run meanwhile. */
  iterate(sql: string, ...params: readonly unknown[]): Iterable<readonly SqlValue[]> {
    return this.#statement(sql).iterate(...params);
  }

  /** Several queries that see the same rows. */
  inTransaction<T>(step: () => T): T {
    return this.#db.transaction(step)();
  }

  #statement(sql: string): Statement {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const statement = this.#db.prepare(sql).raw().safeIntegers() as unknown as Statement;
    this.#statements.set(sql, statement);
    return statement;
  }
}

interface Statement {
  all(...params: unknown[]): SqlValue[][];
  iterate(...params: unknown[]): IterableIterator<SqlValue[]>;
}
