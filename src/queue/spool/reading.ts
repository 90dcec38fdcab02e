import { existsSync, linkSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import { configError, MillraceError } from '../../core/errors.ts';
import { exitCodes } from '../../core/exit-codes.ts';
import { ownership, requireQueue } from './directory.ts';
import { openingFailure } from './failure.ts';
import { inUse, isHolderRecorded } from './holder.ts';
import { keptLogs, restoreLog } from './kept-log.ts';
import { applicationId, schemaVersion } from './schema.ts';

/** A process that starts at the same moment holds the file for an instant; a supervisor keeps it. */
const busyTimeoutMs = 1000;

/** A spool that is open for reading. While it is open, no supervisor can start on it. */
export interface ReadSpool {
  readonly db: Database.Database;
  close: () => void;
}

/**
 * Opens the file of a spool that no supervisor has, for reading: nothing in it or next to it is changed. Only for processes
 * that hold no spool themselves: closing a second descriptor of the file would drop the lock of the first.
 * With `pipeline`, the queue must belong to the pipeline of that name. Throws MillraceErrors that say what to do.
 */
export function openForReading(file: string, pipeline?: string): ReadSpool {
  requireQueue(file);
  if (!statSync(file).isFile())
    throw configError('STATE_DIRECTORY', `expected ${file} to be the queue's file, but it is not a file`);
  const created = ['-shm', '-wal'].map((end) => file + end).filter((path) => !existsSync(path));
  let db: Database.Database | undefined;
  let isLocked = false;
  const close = (): void => {
    // An empty log and the index of a log: SQLite creates them for reading, and cannot remove them without writing. We must
    // not remove them after closing: they may belong to a supervisor that has started since.
    if (isLocked) for (const path of created) if (!isLogInUse(path)) rmSync(path, { force: true });
    db?.close();
  };
  try {
    db = new Database(file, { readonly: true, timeout: busyTimeoutMs });
    // As long as it is open, no supervisor can start on the file.
    db.exec('BEGIN');
    db.pragma('user_version');
    isLocked = true;
    requireOurs(db, file);
    requireOwner(db, file, pipeline);
    return { db, close };
  } catch (error) {
    close();
    if (isBusy(error)) throw inUse(file);
    if ((error as { code?: unknown }).code === 'SQLITE_CANTOPEN') {
      throw configError(
        'STATE_DIRECTORY',
        `cannot open the queue's file ${file}${ownership(file) || ': reading it needs read access to the file and write access to its directory'}`,
        error,
      );
    }
    throw openingFailure(error, file);
  }
}

/**
 * Whether the log has content. Then it was written by a supervisor that started before this process had the lock, and
 * was killed. It holds the items that were stored last.
 */
function isLogInUse(path: string): boolean {
  return path.endsWith('-wal') && (statSync(path, { throwIfNoEntry: false })?.size ?? 0) > 0;
}

/**
 * Throws unless the file can be used as a spool. This comes before the file is opened for writing, because opening alone
 * would copy the log of a killed supervisor into the file. A missing or empty file can be used.
 */
export function requireUsable(file: string, options: Usable): void {
  if (!statSync(file, { throwIfNoEntry: false })?.size) return requireNeverUsed(file);
  try {
    requireComplete(file, { ...options, mayLackLog: false });
  } catch (error) {
    if (!(error instanceof MillraceError && error.code === 'SPOOL_INCOMPLETE')) throw error;
    if (!restoreLog(file) && !options.mayLackLog) throw error;
    requireComplete(file, options);
  }
}

interface Usable {
  /** See `OpenOptions`. */
  mayLackLog: boolean;
  pipeline?: string | undefined;
}

function requireComplete(file: string, { mayLackLog, pipeline }: Usable): void {
  const hasLog = existsSync(`${file}-wal`);
  // First, because within a process SQLite keeps a single index of a log for both names of the file.
  const alone = hasLog ? tracesWithoutLog(file) : [];
  const { db, close } = openForReading(file, pipeline);
  try {
    if (isEmpty(db)) return;
    requireSameQueue(db, file, alone);
    if (db.prepare('SELECT is_clean FROM spool').pluck().get() === 1) return;
    if (!hasLog && !mayLackLog) requireNoLog(db, file);
    requireSound(db);
  } catch (error) {
    throw openingFailure(error, file);
  } finally {
    close();
  }
}

/** SQLite would start a new database, and remove a log that it finds. */
function requireNeverUsed(file: string): void {
  const isThere = existsSync(file);
  const hasLog = (statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0 || keptLogs(file).length > 0;
  if (!hasLog && !(isThere && isHolderRecorded(file))) return;
  throw new MillraceError(
    isThere ? 'SPOOL_INCOMPLETE' : 'SPOOL',
    `the queue's file ${file} is ${isThere ? 'empty' : 'missing'}, although ${hasLog ? `${file}-wal, its log,` : 'a supervisor.pid'} exists next to it. ` +
      'Nothing was changed. Restore a backup, or move the remaining files away and start over.',
    { exitCode: exitCodes.io },
  );
}

/** SQLite reads any log next to a file. The log of a different queue would turn the file into that queue. */
function requireSameQueue(db: Database.Database, file: string, alone: readonly string[]): void {
  const together = alone.length > 0 ? tracesIn(db) : [];
  // The queue's id and its runs are never deleted.
  if (alone.every((trace) => together.includes(trace))) return;
  throw new MillraceError(
    'SPOOL_INCOMPLETE',
    `${file}-wal is the log of a different queue than ${file}: one of them was copied here without the other. ` +
      'Nothing was changed. Put both files of the same queue there, or restore a backup.',
    { exitCode: exitCodes.io },
  );
}

/**
 * Reads what identifies the queue from the file alone. Empty if that cannot be read, because everything may still be in
 * the log.
 */
function tracesWithoutLog(file: string): string[] {
  // Under another name, which has no log next to it.
  const alias = `${file}.${process.pid}`;
  let db: Database.Database | undefined;
  try {
    linkSync(file, alias);
    db = new Database(alias, { readonly: true, timeout: busyTimeoutMs });
    return tracesIn(db);
  } catch (error) {
    if (isBusy(error)) throw inUse(file);
    return [];
  } finally {
    db?.close();
    for (const end of ['', '-wal', '-shm']) rmSync(alias + end, { force: true });
  }
}

function tracesIn(db: Database.Database): string[] {
  return db.prepare('SELECT id FROM spool UNION ALL SELECT run FROM run').pluck().all() as string[];
}

/** A file that a supervisor did not close has a log next to it; a file that was copied as a whole needs none. */
function requireNoLog(db: Database.Database, file: string): void {
  // In the first version, a spool could be closed cleanly without one.
  const isOld = (db.pragma('user_version', { simple: true }) as number) < 2;
  if (isOld || db.pragma('journal_mode', { simple: true }) !== 'wal') return;
  throw new MillraceError(
    'SPOOL_INCOMPLETE',
    `the queue's file ${file} was not closed cleanly, and ${file}-wal, which holds what was stored last, is missing. ` +
      'Nothing was changed. Put that file next to it, or restore a backup. If another program has already merged that log into the file, ' +
      'millrace store compact accepts the file as it is; --fresh archives it and starts over.',
    { exitCode: exitCodes.io },
  );
}

/** Throws unless the file is empty, or a spool of ours in a version that we know. */
export function requireOurs(db: Database.Database, file: string): void {
  const id = db.pragma('application_id', { simple: true }) as number;
  const version = db.pragma('user_version', { simple: true }) as number;
  if (!isEmpty(db) && id !== applicationId) {
    throw configError(
      'NOT_A_SPOOL',
      `${file} is a SQLite database, but not a Millrace queue. Choose another directory with --state.`,
    );
  }
  if (version > schemaVersion) {
    throw configError(
      'SPOOL_NEWER',
      `the queue's file ${file} was written by a newer Millrace (schema ${version}; this one knows ${schemaVersion}). Upgrade, use another --state, or start over with --fresh, which archives it. It was not changed.`,
    );
  }
}

/** The name of the pipeline that owns the queue; undefined if no start has recorded one. */
export function ownerIn(db: Database.Database): string | undefined {
  if (!hasColumn(db, 'spool', 'pipeline')) return undefined;
  return (db.prepare('SELECT pipeline FROM spool').pluck().get() as string | null) ?? undefined;
}

/** The names that the last start knew to be secret. */
export function redactedIn(db: Database.Database): string[] {
  if (!hasColumn(db, 'spool', 'redact')) return [];
  return JSON.parse(db.prepare('SELECT redact FROM spool').pluck().get() as string) as string[];
}

/** Whether the table has the column already: a file that is only read is not upgraded. */
export function hasColumn(db: Database.Database, table: string, column: string): boolean {
  return db.prepare('SELECT 1 FROM pragma_table_info(?) WHERE name = ?').get(table, column) !== undefined;
}

function requireOwner(db: Database.Database, file: string, pipeline: string | undefined): void {
  if (pipeline === undefined) return;
  const owner = ownerIn(db);
  if (owner === undefined || owner === pipeline) return;
  throw configError(
    'OTHER_PIPELINE',
    `the queue in ${dirname(file)} belongs to the pipeline ${owner}, and this is the pipeline ${pipeline}. Nothing was changed. ` +
      `Give ${pipeline} its own state directory (--state, or --state-root for one directory per pipeline). ` +
      `If ${owner} was renamed to ${pipeline}, start it once with --moved.`,
  );
}

/**
 * After an unclean stop: pages that were damaged by another program show up now, and not hours later in the middle of a
 * run.
 */
function requireSound(db: Database.Database): void {
  if (isEmpty(db) || db.prepare('SELECT is_clean FROM spool').pluck().get() === 1) return;
  const problems = db.pragma('quick_check(3)') as { quick_check: string }[];
  if (problems[0]?.quick_check === 'ok') return;
  const lines = problems
    .flatMap(({ quick_check: found }) => found.split('\n'))
    .filter((line) => !line.startsWith('***'));
  const error = new Error(lines.join('; '));
  throw Object.assign(error, { code: 'SQLITE_CORRUPT' });
}

/** Whether it has no content yet. */
export function isEmpty(db: Database.Database): boolean {
  return db.prepare('SELECT count(*) FROM sqlite_schema').pluck().get() === 0;
}

/** Whether another process has the file. */
export function isBusy(error: unknown): boolean {
  const code = (error as { code?: unknown }).code;
  return typeof code === 'string' && (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED'));
}
