import { existsSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import { configError } from '../core/errors.ts';
import { openingFailure } from './spool-failure.ts';
import { isBusy, requireOurs } from './spool-file.ts';
import { inUse } from './spool-holder.ts';

/** A spool that is only read. While it is open no supervisor can start on it. */
export interface ReadSpool {
  readonly db: Database.Database;
  close: () => void;
}

/**
 * Opens the file of a spool that no supervisor has, to read it: nothing in it or beside it is changed. Only for processes
 * that hold no spool themselves: a second descriptor of the file, once closed, would take the first one's lock with it.
 * Throws MillraceErrors that say what to do.
 */
export function openForReading(file: string): ReadSpool {
  if (!existsSync(file)) throw configError('NO_QUEUE', `there is no queue in ${dirname(file)}: ${file} is not there`);
  const news = ['-shm', '-wal'].map((end) => file + end).filter((beside) => !existsSync(beside));
  let db: Database.Database | undefined;
  let isLocked = false;
  const close = (): void => {
    // An empty log and the index of one: SQLite makes them for reading, and cannot clear them away without writing. Not
    // after closing: whoever starts then has made its own.
    if (isLocked) for (const beside of news) rmSync(beside, { force: true });
    db?.close();
  };
  try {
    db = new Database(file, { readonly: true, timeout: 1000 });
    // For as long as it is open: nobody can start on the file meanwhile.
    db.exec('BEGIN');
    db.pragma('user_version');
    isLocked = true;
    requireOurs(db, file);
    return { db, close };
  } catch (error) {
    close();
    if (isBusy(error)) throw inUse(file);
    if ((error as { code?: unknown }).code === 'SQLITE_CANTOPEN') {
      throw configError('STATE_DIRECTORY', `cannot open the queue's file ${file}: may this user read it?`, error);
    }
    throw openingFailure(error, file);
  }
}
