import type Database from 'better-sqlite3';
import { StoreFull } from '../store.ts';
import { readingFailure, spoolFailure } from './failure.ts';

/**
 * The open file of a spool. Every read and write goes through here. So each failure becomes the error that callers expect,
 * and is remembered: after a failure that is final, nothing more may be written.
 */
export class Connection {
  readonly db: Database.Database;
  readonly file: string;
  readonly durability: 'full' | 'normal';
  #hasFailed = false;
  /** Something was written since `isIdle` was called. */
  #isBusy = true;

  constructor(db: Database.Database, { file, durability }: { file: string; durability: 'full' | 'normal' }) {
    this.db = db;
    this.file = file;
    this.durability = durability;
  }

  /** Whether a read or a write failed for a reason other than a full disk. */
  get hasFailed(): boolean {
    return this.#hasFailed;
  }

  /** Whether nothing was written since the last call. */
  isIdle(): boolean {
    const isIdle = !this.#isBusy;
    this.#isBusy = false;
    return isIdle;
  }

  read<T>(read: (db: Database.Database) => T): T {
    try {
      return read(this.db);
    } catch (error) {
      throw this.#failure(readingFailure(error, this.file));
    }
  }

  /** Throws StoreFull if the disk is full. */
  write<T>(write: (db: Database.Database) => T): T {
    this.#isBusy = true;
    return this.maintain(write);
  }

  /** A write that survives a power loss, whatever `durability` says. Throws as `write` does. */
  durably<T>(write: (db: Database.Database) => T): T {
    return this.write((db) => {
      if (this.durability === 'full') return write(db);
      db.pragma('synchronous = FULL');
      try {
        return write(db);
      } finally {
        db.pragma('synchronous = NORMAL');
      }
    });
  }

  /** Moves what has been written to another place in the file. Throws as `write` does. */
  maintain<T>(work: (db: Database.Database) => T): T {
    try {
      return work(this.db);
    } catch (error) {
      throw this.#failure(spoolFailure(error, this.file));
    }
  }

  #failure(error: Error): Error {
    this.#hasFailed ||= !(error instanceof StoreFull);
    return error;
  }
}
