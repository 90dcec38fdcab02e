import { StoreFull } from '../store.ts';
import type { Connection } from './connection.ts';
import { logBytes } from './file.ts';

/** Pages given back to the disk at a time. */
const shrinkPages = 1000;

/**
 * Copies the log into the file. From then on the file itself shows that it is in use, so a copy of the file without its
 * log shows that something is missing.
 */
export function emptyLog(connection: Connection): void {
  try {
    connection.maintain((db) => db.pragma('wal_checkpoint(PASSIVE)'));
  } catch (error) {
    // On a full disk this cannot be done.
    if (!(error instanceof StoreFull)) throw error;
  }
}

/**
 * Removes the log if nothing has been written since the last call; while something is written, SQLite keeps it small.
 * Returns the size of the log in bytes.
 */
export function tend(connection: Connection): number {
  const { file } = connection;
  if (connection.isIdle() && logBytes(file) > 0) {
    try {
      connection.maintain((db) => db.pragma('wal_checkpoint(TRUNCATE)'));
    } catch (error) {
      // Commits are just as safe in the log.
      if (!(error instanceof StoreFull)) throw error;
    }
  }
  return logBytes(file);
}

/**
 * Gives free space within the file back to the disk: some of it, so that this takes no longer than a commit. Throws
 * StoreFull if the disk does not have even the space that this needs.
 */
export function shrink({ db }: Connection): void {
  // The log first: once empty, it has space for the changes that move pages to the front of the file, after which the
  // file's end is cut off.
  db.pragma('wal_checkpoint(TRUNCATE)');
  db.pragma(`incremental_vacuum(${shrinkPages})`);
  db.pragma('wal_checkpoint(TRUNCATE)');
}
