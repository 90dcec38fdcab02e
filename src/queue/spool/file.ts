import { existsSync, statSync, type Stats } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import { configError, type MillraceError } from '../../core/errors.ts';
import { requireSafeSqlite } from '../../core/sqlite-version.ts';
import { makeDirectory, ownership, requireWritable } from './directory.ts';
import { ioError, openingFailure, spoolFailure } from './failure.ts';
import { inUse, recordHolder } from './holder.ts';
import { forgetKeptLogs, leave } from './kept-log.ts';
import { isBusy, isEmpty, requireOurs, requireUsable } from './reading.ts';
import { applicationId, migrations, schemaVersion } from './schema.ts';

const cacheKiB = 4096;
const logBytesKept = 8 * 1024 * 1024;

export interface OpenOptions {
  /** The SQLite file. Its directory is created, for the owner only, if it does not exist. */
  file: string;
  durability: 'full' | 'normal';
  /** Accept the file as it is if it was not closed cleanly and its log is missing. */
  mayLackLog?: boolean;
  /** Wall-clock time, for a supervisor that will run the pipeline; left out by commands that only change the queue. */
  startedAt?: number | undefined;
  /** The name of the pipeline that the queue must belong to. Default: any. */
  pipeline?: string | undefined;
}

/**
 * Opens, locks, checks and migrates the spool's file. A file that is not ours, or newer than this version, is not changed.
 * Throws MillraceErrors that say what to do.
 */
export function openSpoolFile({ file, durability, mayLackLog = false, pipeline }: OpenOptions): Database.Database {
  makeDirectory(dirname(file));
  requireWritable(file);
  requireUsable(file, { mayLackLog, pipeline });
  const db = connect(file);
  try {
    requireSafeSqlite(db.prepare('SELECT sqlite_version()').pluck().get() as string);
    prepareEmpty(db);
    // Exclusive before WAL: then the index of the log is in memory, and there is no shared -shm file.
    db.pragma('locking_mode = EXCLUSIVE');
    db.exec('BEGIN IMMEDIATE');
    // From here on the file is ours. Other processes that start at the same moment see that and give up, but we have to
    // wait for them.
    db.pragma('busy_timeout = 1000');
    db.exec('COMMIT');
    requireOurs(db, file);
    forgetKeptLogs(file);
    db.pragma('journal_mode = WAL');
    // better-sqlite3 is compiled with NORMAL as the default for WAL.
    db.pragma(`synchronous = ${durability === 'full' ? 'FULL' : 'NORMAL'}`);
    db.pragma('trusted_schema = OFF');
    // SQLite copies the log into the file when it has grown to 1000 pages. A log that a large commit made longer is cut.
    db.pragma('wal_autocheckpoint = 1000');
    db.pragma(`journal_size_limit = ${logBytesKept}`);
    // The default is 16 MiB, but a frame is written once and read at most once.
    db.pragma(`cache_size = -${cacheKiB}`);
    migrate(db);
    recordHolder(file);
    return db;
  } catch (error) {
    leave(db, file);
    if (isBusy(error)) throw inUse(file);
    throw isReadOnly(error) ? notWritable(file, error) : openingFailure(error, file);
  }
}

/** The size of the file's log in bytes. */
export function logBytes(file: string): number {
  return statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0;
}

function connect(file: string): Database.Database {
  const before = process.umask(0o077);
  let db: Database.Database | undefined;
  try {
    db = new Database(file, { timeout: 0 });
    // The constructor reads nothing. This is the first access to the file, and creates it under our umask.
    db.pragma('user_version');
    return db;
  } catch (error) {
    if (db) leave(db, file);
    if (isBusy(error)) throw inUse(file);
    if ((error as { code?: unknown }).code === 'SQLITE_CANTOPEN' || isReadOnly(error)) throw notWritable(file, error);
    throw spoolFailure(error, file);
  } finally {
    process.umask(before);
  }
}

function isReadOnly(error: unknown): boolean {
  return String((error as { code?: unknown }).code).startsWith('SQLITE_READONLY');
}

function notWritable(file: string, error: unknown): MillraceError {
  const why =
    ownership(existsSync(file) ? file : dirname(file)) || ': can this user write to it and to the state directory?';
  return configError('STATE_DIRECTORY', `cannot open, create or write the queue's file ${file}${why}`, error);
}

/** Sets the properties of a new file that must be set while it is empty. */
function prepareEmpty(db: Database.Database): void {
  if (!isEmpty(db)) return;
  // This locks the file for a moment, as others that start at the same time do. Here all of them wait for each other.
  db.pragma('busy_timeout = 1000');
  // So that free space within the file can be given back to the disk.
  db.pragma('auto_vacuum = INCREMENTAL');
  // In the file itself, not only in its log, so that a sink that is given this file by mistake recognizes it.
  db.pragma(`application_id = ${applicationId}`);
  db.pragma('busy_timeout = 0');
}

function migrate(db: Database.Database): void {
  const from = db.pragma('user_version', { simple: true }) as number;
  if (from === schemaVersion) return;
  db.transaction(() => {
    for (const step of migrations.slice(from)) db.exec(step);
    db.pragma(`application_id = ${applicationId}`);
    db.pragma(`user_version = ${schemaVersion}`);
  }).immediate();
}

/** Checks whether `file` is still the one that was opened: a removed or replaced file takes commits without an error. */
export function fileWatch(file: string): () => void {
  const look = (): Stats | undefined => {
    try {
      return statSync(file, { throwIfNoEntry: false });
    } catch (error) {
      throw spoolFailure(error, file);
    }
  };
  const opened = look();
  return () => {
    const now = look();
    if (now && now.ino === opened?.ino && now.dev === opened.dev) return;
    throw ioError(
      `the queue's file ${file} was ${now ? 'replaced' : 'removed'} while in use. What was stored since then may be lost; everything settled is in the sink.`,
      undefined,
    );
  };
}
