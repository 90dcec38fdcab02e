import { randomBytes } from 'node:crypto';
import { closeSync, existsSync, openSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import { errorData, MillraceError, usageError } from '../../core/errors.ts';
import { exitCodes } from '../../core/exit-codes.ts';
import { syncDirectory } from './directory.ts';
import { openForReading } from './reading.ts';

/** The progress of a copy, in pages. */
export interface BackupProgress {
  done: number;
  of: number;
}

export interface BackupOptions {
  /** The absolute path of the copy. It must not exist. */
  file: string;
  /** The queue is in use and will stay in use. */
  isInUse: boolean;
  onProgress?: (pages: BackupProgress) => void;
}

/** Pages that are copied at a time: copying them takes about as long as a commit. */
const stepPages = 64;

/**
 * Copies an open spool in small steps, between which commits on the same connection continue; those commits are in the
 * copy. The copy is a single file that only its owner can read. It gets its name when it is complete and synced to disk.
 * Throws MillraceErrors that say what to do; the spool itself does not change.
 */
export async function backUp(db: Database.Database, { file, isInUse, onProgress }: BackupOptions): Promise<void> {
  requireFree(file);
  const part = `${file}.${randomBytes(4).toString('hex')}.part`;
  try {
    closeSync(openSync(part, 'wx', 0o600));
    await db.backup(part, {
      progress: ({ totalPages, remainingPages }) => {
        onProgress?.({ done: totalPages - remainingPages, of: totalPages });
        return stepPages;
      },
    });
    completeCopy(part, isInUse);
    requireFree(file);
    renameSync(part, file);
    syncDirectory(dirname(file));
  } catch (error) {
    for (const end of ['', '-wal', '-shm', '-journal']) rmSync(part + end, { force: true });
    if (error instanceof MillraceError) throw error;
    throw new MillraceError(
      'BACKUP',
      `the backup to ${file} failed: ${errorData(error).message}. The queue itself was not changed.`,
      { cause: error, exitCode: exitCodes.io },
    );
  }
}

/** Copies the spool of a pipeline that does not run. Only for processes that hold no spool themselves. */
export async function backUpFile(
  from: string,
  { pipeline, ...options }: Omit<BackupOptions, 'isInUse'> & { pipeline?: string | undefined },
): Promise<void> {
  const { db, close } = openForReading(from, pipeline);
  try {
    await backUp(db, { ...options, isInUse: false });
  } finally {
    close();
  }
}

function requireFree(file: string): void {
  if (existsSync(file)) throw usageError(`expected a new file name for the backup, but ${file} already exists`);
}

function completeCopy(part: string, isInUse: boolean): void {
  const copy = new Database(part);
  try {
    // One file instead of a file and its log.
    copy.pragma('journal_mode = DELETE');
    copy.pragma('synchronous = FULL');
    // The copy does not know what the running start writes to the sink from now on, so it must not pass for that start.
    if (isInUse) {
      copy
        .prepare('UPDATE starts SET id = ? WHERE generation = (SELECT generation FROM spool)')
        .run(`copied ${randomBytes(12).toString('base64url')}`);
    }
  } finally {
    copy.close();
  }
}
