import { existsSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import Sqlite from 'better-sqlite3';
import { configError, MillraceError } from '../../core/errors.ts';
import { exitCodes } from '../../core/exit-codes.ts';
import { requireSafeSqlite } from '../../core/sqlite-version.ts';
import { isOutage, sqliteCodeOf } from './error-codes.ts';
import { refuseQueueFile } from './queue-file.ts';

export type Database = Sqlite.Database;
export type Statement = Sqlite.Statement;

/**
 * How long SQLite itself waits for another writer. That wait blocks the whole process, so it is short; `untilFree`
 * goes on waiting where it does not.
 */
const busyTimeoutMs = 100;

/** A reader that stays keeps the log growing; once it has gone, the log is cut back to this. */
const walLimitBytes = 64 * 1024 * 1024;

/** The one name of a file, however it is reached. Throws a configuration error if its directory does not exist. */
export async function realPathOf(file: string): Promise<string> {
  const path = resolve(file);
  if (existsSync(path)) return await realpath(path);
  try {
    return join(await realpath(dirname(path)), basename(path));
  } catch (error) {
    throw configError(
      'SINK_FILE',
      `cannot create ${path}: its directory does not exist; create it, or name another`,
      error,
    );
  }
}

/** Opens the database, making it if it is not there. Throws a configuration error if it can never be used. */
export function connect(file: string): Database {
  let db: Database | undefined;
  try {
    db = new Sqlite(file, { timeout: busyTimeoutMs });
    // This reads the file first; it fails here if a supervisor has locked it.
    refuseQueueFile(file, () => db?.pragma('application_id', { simple: true }));
    requireSafeSqlite(db.prepare('SELECT sqlite_version()').pluck().get() as string);
    // What a database file brings along (views, triggers) may not call functions that reach outside of it.
    db.pragma('trusted_schema = OFF');
    const mode: unknown = db.pragma('journal_mode = WAL', { simple: true });
    if (mode !== 'wal') {
      const reason = `write-ahead logging is needed, got ${String(mode)}`;
      throw configError('SINK_FILE', `cannot write ${file}: ${reason}; put the file on a local disk`);
    }
    db.pragma(`journal_size_limit = ${walLimitBytes}`);
    // better-sqlite3 is built with NORMAL for this mode: what was committed could roll back when the power fails. With any
    // durability: the queue may have forgotten these items on its disk by then, and nobody would have them any more.
    db.pragma('synchronous = FULL');
    return db;
  } catch (error) {
    db?.close();
    throw unusable(file, error) ?? error;
  }
}

/**
 * An error while the database is opened, as a configuration error; undefined if waiting may help. Missing permission to
 * write counts as one here, although it is an outage once the database is open.
 */
export function unusable(file: string, error: unknown): MillraceError | undefined {
  const code = sqliteCodeOf(error);
  if (code === undefined) return undefined;
  if (code.startsWith('SQLITE_CORRUPT')) return damaged(file, error);
  const isPermanent = /^SQLITE_(CANTOPEN|READONLY|PERM)/.test(code);
  if (!isPermanent && isOutage(code)) return undefined;
  const hint = code === 'SQLITE_NOTADB' ? notADatabase : isPermanent ? writable : ownTables;
  return configError('SINK_FILE', `cannot write ${file}: ${(error as Error).message} (${code}). ${hint}`, error);
}

/** What is in the file is no longer a whole database: nothing more is to be written to it. */
export function damaged(file: string, error: unknown): MillraceError {
  const text = `${file} is damaged: ${(error as Error).message} (${sqliteCodeOf(error)}). Nothing more will be written to it; `;
  const advice =
    'items that are not in it stay in the queue. Repair it ("sqlite3 FILE .recover"), or restore it together with the queue.';
  return new MillraceError('SINK_DAMAGED', text + advice, { cause: error, exitCode: exitCodes.io });
}

const notADatabase = 'It is not a SQLite database: name another file, or move it away.';
const ownTables = 'Its tables millrace_ledger, millrace_writer and millrace_start cannot be used: name another file.';
const writable = 'This user must be able to write the file and to create files in its directory.';
