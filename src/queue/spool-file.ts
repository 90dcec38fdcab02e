import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import Database from 'better-sqlite3';
import { configError, MillraceError } from '../core/errors.ts';
import { exitCodes } from '../core/exit-codes.ts';
import { requireSafeSqlite } from '../core/sqlite-version.ts';
import { applicationId, migrations, schemaVersion } from './spool-schema.ts';
import { StoreFull } from './store.ts';

export interface OpenOptions {
  /** The SQLite file; its directory is made, for the owner only, if it is not there. */
  file: string;
  durability: 'full' | 'normal';
}

/** Opens, locks, checks and migrates the spool's file. */
export function openSpoolFile({ file, durability }: OpenOptions): Database.Database {
  makeDirectory(dirname(file));
  const db = connect(file);
  try {
    requireSafeSqlite(db.prepare('SELECT sqlite_version()').pluck().get() as string);
    // Exclusive before WAL: the index of the log then lives in memory and no -shm file is shared with anybody.
    db.pragma('locking_mode = EXCLUSIVE');
    db.pragma('journal_mode = WAL');
    // better-sqlite3 is compiled with NORMAL as the default for WAL.
    db.pragma(`synchronous = ${durability === 'full' ? 'FULL' : 'NORMAL'}`);
    db.pragma('trusted_schema = OFF');
    db.pragma('journal_size_limit = 67108864');
    db.exec('BEGIN IMMEDIATE; COMMIT');
    check(db, file);
    migrate(db, file);
    recordHolder(file);
    return db;
  } catch (error) {
    db.close();
    throw isBusy(error) ? inUse(file) : spoolFailure(error, file);
  }
}

/** Any error of the spool, as what the caller is to do: `StoreFull` (try again later) or a MillraceError (exit 74). */
export function spoolFailure(error: unknown, file: string): Error {
  if (error instanceof MillraceError || error instanceof StoreFull) return error;
  const code = (error as { code?: unknown }).code;
  const reason = error instanceof Error ? error.message : String(error);
  if (code === 'SQLITE_FULL')
    return new StoreFull(`no room for the queue in ${dirname(file)}: ${reason}`, { cause: error });
  if (code === 'SQLITE_NOTADB' || code === 'SQLITE_CORRUPT') {
    return ioError(
      `the queue's file ${file} is damaged or not a SQLite database (${reason}). It is left as it is. ` +
        'Restore it from a backup, or start over with --fresh, which moves it aside.',
      error,
    );
  }
  return ioError(
    `the queue's file ${file} failed: ${reason}. Nothing was written since; what was stored is still there.`,
    error,
  );
}

/** Moves a spool's files aside. Nothing is deleted. Returns the new name. */
export function retireFile(file: string, suffix: string): string {
  const retired = file.replace(/\.db$/, '') + `.${suffix}.db`;
  renameSync(file, retired);
  return retired;
}

function makeDirectory(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw configError(
      'STATE_DIRECTORY',
      `cannot make the state directory ${directory}: ${(error as Error).message}`,
      error,
    );
  }
}

function connect(file: string): Database.Database {
  const before = process.umask(0o077);
  try {
    const db = new Database(file, { timeout: 0 });
    // Nothing is read by the constructor: this is the first look at the file, and creates it under our umask.
    db.pragma('user_version');
    return db;
  } catch (error) {
    if (isBusy(error)) throw inUse(file);
    if ((error as { code?: unknown }).code === 'SQLITE_CANTOPEN') {
      throw configError(
        'STATE_DIRECTORY',
        `cannot open or create the queue's file ${file}: is the state directory writable for this user?`,
        error,
      );
    }
    throw spoolFailure(error, file);
  } finally {
    process.umask(before);
  }
}

function check(db: Database.Database, file: string): void {
  const id = db.pragma('application_id', { simple: true }) as number;
  const version = db.pragma('user_version', { simple: true }) as number;
  const isEmpty = (db.prepare('SELECT count(*) FROM sqlite_schema').pluck().get() as number) === 0;
  if (!isEmpty && id !== applicationId) {
    throw configError(
      'NOT_A_SPOOL',
      `${file} is a SQLite database, but not a queue of Millrace. Point --state elsewhere.`,
    );
  }
  if (version > schemaVersion) {
    throw configError(
      'SPOOL_NEWER',
      `the queue's file ${file} was written by a newer Millrace (schema ${version}; this one knows ${schemaVersion}). Upgrade, or use another --state. It was not changed.`,
    );
  }
  if (isEmpty) return;
  // Pages torn by something other than SQLite show here, and not in the middle of the night.
  if ((db.prepare('SELECT is_clean FROM spool').pluck().get() as number) === 1) return;
  const problems = db.pragma('quick_check(3)', { simple: false }) as { quick_check: string }[];
  if (problems[0]?.quick_check !== 'ok') {
    const error = new Error(problems.map((row) => row.quick_check).join('; '));
    throw spoolFailure(Object.assign(error, { code: 'SQLITE_CORRUPT' }), file);
  }
}

function migrate(db: Database.Database, file: string): void {
  const from = db.pragma('user_version', { simple: true }) as number;
  if (from === schemaVersion) return;
  try {
    db.transaction(() => {
      for (const step of migrations.slice(from)) db.exec(step);
      db.pragma(`application_id = ${applicationId}`);
      db.pragma(`user_version = ${schemaVersion}`);
    }).immediate();
  } catch (error) {
    throw spoolFailure(error, file);
  }
}

// Beside the lock, not instead of it: only for the message to whoever finds the lock taken.
function holderFile(file: string): string {
  return join(dirname(file), 'supervisor.pid');
}

function recordHolder(file: string): void {
  writeFileSync(holderFile(file), `${process.pid}\n`, { mode: 0o600 });
}

/** Takes back what `openSpoolFile` said about the holder. */
export function forgetHolder(file: string): void {
  rmSync(holderFile(file), { force: true });
}

function inUse(file: string): MillraceError {
  let holder = '';
  try {
    holder = ` (process ${Number.parseInt(readFileSync(holderFile(file), 'utf8'), 10)})`;
  } catch {
    // Without the file there is just no pid to name.
  }
  return configError(
    'IN_USE',
    `another supervisor${holder} is running on ${dirname(file)}. Stop it first, or give this pipeline its own --state directory.`,
  );
}

function isBusy(error: unknown): boolean {
  const code = (error as { code?: unknown }).code;
  return typeof code === 'string' && (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED'));
}

function ioError(message: string, cause: unknown): MillraceError {
  return new MillraceError('SPOOL', message, { cause, exitCode: exitCodes.io });
}

/** Tells whether `file` is still the one that was opened: a removed or replaced file swallows commits silently. */
export function fileWatch(file: string): () => void {
  const opened = statSync(file);
  return () => {
    const now = existsSync(file) ? statSync(file) : undefined;
    if (now?.ino !== opened.ino || now.dev !== opened.dev) {
      throw ioError(
        `the queue's file ${file} was ${now ? 'replaced' : 'removed'} while in use. What was stored since may be lost with it; everything settled is in the sink.`,
        undefined,
      );
    }
  };
}
