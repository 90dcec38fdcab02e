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
 * continues to wait without blocking.
 */
const busyTimeoutMs = 100;

/** A long-running reader lets the log grow. When the reader has ended, the log is truncated to this size. */
const walLimitBytes = 64 * 1024 * 1024;

/**
 * The canonical path of a file, by whatever path it is reached. Throws a configuration error if its directory does not
 * exist.
 */
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

/** Opens the database, or creates it if it does not exist. Throws a configuration error if it can never be used. */
export function connect(file: string): Database {
  let db: Database | undefined;
  try {
    db = new Sqlite(file, { timeout: busyTimeoutMs });
    // This is the first read of the file. It fails here if a supervisor has locked it.
    refuseQueueFile(file, () => db?.pragma('application_id', { simple: true }));
    requireSafeSqlite(db.prepare('SELECT sqlite_version()').pluck().get() as string);
    // Views and triggers in the database file must not call functions that reach outside of it.
    db.pragma('trusted_schema = OFF');
    const mode: unknown = db.pragma('journal_mode = WAL', { simple: true });
    if (mode !== 'wal') {
      const reason = `write-ahead logging is needed, got ${String(mode)}`;
      throw configError('SINK_FILE', `cannot write ${file}: ${reason}; put the file on a local disk`);
    }
    db.pragma(`journal_size_limit = ${walLimitBytes}`);
    // better-sqlite3 is built with NORMAL for this mode, so a commit could roll back after a power failure. That must
    // not happen with any `durability`: the queue on disk may already have forgotten these items, and they would be
    // lost.
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

/** The file is no longer an intact database, so nothing more may be written to it. */
export function damaged(file: string, error: unknown): MillraceError {
  const text = `${file} is damaged: ${(error as Error).message} (${sqliteCodeOf(error)}). Nothing more will be written to it; `;
  const advice =
    'items that are not in it stay in the queue. Repair it ("sqlite3 FILE .recover"), or restore it together with the queue.';
  return new MillraceError('SINK_DAMAGED', text + advice, { cause: error, exitCode: exitCodes.io });
}

const notADatabase = 'It is not a SQLite database: name another file, or move it away.';
const ownTables = 'Its tables millrace_ledger, millrace_writer and millrace_start cannot be used: name another file.';
const writable = 'This user must be able to write the file and to create files in its directory.';
