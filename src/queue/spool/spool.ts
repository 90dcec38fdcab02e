/**
 * The spool: the queue in one SQLite file, `queue.db` in the state directory.
 *
 * It has one connection, the supervisor's, with SQLite's exclusive lock on the file for as long as the supervisor runs.
 * Nothing else in this process may ever open that file, not even to copy it: closing any descriptor of it would drop the
 * lock (POSIX), and a second supervisor could then write to it.
 */
import type { QueueStart } from '../../core/queue-start.ts';
import type { Claims } from '../claims.ts';
import type { Predecessors } from '../open-spool.ts';
import type { Close, WholeSpool } from '../place.ts';
import type { PreviousCursors } from '../previous.ts';
import type { Store } from '../store.ts';
import type { Writers } from '../writers.ts';
import { archiveFile } from './archive.ts';
import { backUp, type BackupOptions } from './backup.ts';
import { SpoolClaims } from './claims.ts';
import { Connection } from './connection.ts';
import { openingFailure } from './failure.ts';
import { fileWatch, openSpoolFile, type OpenOptions } from './file.ts';
import { forgetHolder } from './holder.ts';
import { leave } from './kept-log.ts';
import { SpoolPreviousCursors } from './previous.ts';
import { ReservedSeqs } from './reserved-seqs.ts';
import { beginStart, endStart } from './starts.ts';
import { SpoolStore } from './store.ts';
import { emptyLog, shrink, tend } from './upkeep.ts';
import { SpoolWriters } from './writers.ts';

export class Spool implements WholeSpool {
  readonly store: Store;
  readonly writers: Writers;
  readonly claims: Claims;
  readonly previous: PreviousCursors;
  readonly start: QueueStart;
  readonly wasClean: boolean;
  readonly predecessors: Predecessors;
  readonly #connection: Connection;
  readonly #seqs: ReservedSeqs;

  /** Opens, locks and, if need be, creates or migrates the spool's file. Throws MillraceErrors that say what to do. */
  static open(options: OpenOptions): Spool {
    const db = openSpoolFile(options);
    try {
      return new Spool(new Connection(db, options), options);
    } catch (error) {
      leave(db, options.file);
      throw openingFailure(error, options.file);
    }
  }

  private constructor(connection: Connection, { startedAt }: OpenOptions) {
    const { is_clean, reserved_seq } = connection.db.prepare('SELECT is_clean, reserved_seq FROM spool').get() as {
      is_clean: number;
      reserved_seq: number;
    };
    this.#connection = connection;
    this.wasClean = is_clean === 1;
    this.#seqs = new ReservedSeqs(connection, { below: reserved_seq, wasClean: this.wasClean });
    const { start, predecessors } = beginStart(connection, {
      startedAt: startedAt ?? null,
      resumeAt: this.#seqs.resumeAt,
    });
    this.start = start;
    this.predecessors = predecessors;
    emptyLog(connection);
    this.store = new SpoolStore(connection, { seqs: this.#seqs, hasSettled: predecessors.uncleanStarts === 0 });
    this.writers = new SpoolWriters(connection);
    this.claims = new SpoolClaims(connection);
    this.previous = new SpoolPreviousCursors(connection);
  }

  /** Call this now and then: see `tend`. Returns the size of the log in bytes. */
  tend(): number {
    return tend(this.#connection);
  }

  /** Gives some of the free space within the file back to the disk: see `shrink`. */
  shrink(): void {
    this.#connection.maintain(() => shrink(this.#connection));
  }

  /** Copies all of it to another file while this one stays in use: see `backUp`. */
  async backUp(options: Omit<BackupOptions, 'isInUse'>): Promise<void> {
    await backUp(this.#connection.db, { ...options, isInUse: true });
  }

  /** A check that the file is still the one that was opened; it throws if not. */
  watch(): () => void {
    return fileWatch(this.#connection.file);
  }

  /**
   * Closes the file: cleanly, or, if it has failed, without another write to it. If it was `unused`, because no supervisor
   * ran on it, it keeps the record of how its predecessors ended. Idempotent.
   */
  close(how: Close = 'in order'): void {
    const { db, file, hasFailed } = this.#connection;
    if (hasFailed) this.abandon();
    if (!db.open) return;
    try {
      endStart(db, this.start.generation, how, this.#seqs);
    } catch {
      // On a full disk. The next start will assume that this one was killed, and look for its log. That does not change how
      // this one ended.
      return this.abandon();
    }
    forgetHolder(file);
    db.close();
  }

  /** Closes the file without another write to it, which could make a failure worse. Idempotent. */
  abandon(): void {
    const { db, file } = this.#connection;
    if (db.open) leave(db, file);
  }

  /** Renames the file under the lock, and closes it. Nothing is deleted. Returns the new name. */
  archive(suffix: string): string {
    const { file } = this.#connection;
    return this.#connection.maintain((db) => {
      // Back into one file, so that nothing of it is left in a -wal.
      db.pragma('journal_mode = DELETE');
      const archived = archiveFile(file, suffix);
      forgetHolder(file);
      db.close();
      return archived;
    });
  }
}
