import type { Database, Statement } from './database.ts';

/**
 * An IMMEDIATE transaction of a connection: all of it, or nothing. (Not better-sqlite3's `transaction`, because that
 * can nest: if a rollback ever failed, the next "commit" would only end a savepoint, and make nothing durable.)
 */
export class Transaction {
  readonly #db: Database;
  readonly #begin: Statement;
  readonly #commit: Statement;
  readonly #rollback: Statement;

  constructor(db: Database) {
    this.#db = db;
    this.#begin = db.prepare('BEGIN IMMEDIATE');
    this.#commit = db.prepare('COMMIT');
    this.#rollback = db.prepare('ROLLBACK');
  }

  begin(): void {
    this.#begin.run();
  }

  commit(): void {
    this.#commit.run();
  }

  /** Does nothing without a transaction: after some errors SQLite rolls back by itself, and also when it is closed. */
  rollback(): void {
    if (this.#db.open && this.#db.inTransaction) this.#rollback.run();
  }
}
