import { randomBytes } from 'node:crypto';
import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import { errorData, MillraceError, usageError } from '../../core/errors.ts';
import { exitCodes } from '../../core/exit-codes.ts';
import { openForReading } from './reading.ts';

/** How far a copy is. */
export interface BackupProgress {
  done: number;
  of: number;
}

export interface BackupOptions {
  /** Where to; absolute. Must not be there. */
  file: string;
  /** The copy is of a queue that is in use, and goes on being used. */
  isInUse: boolean;
  onProgress?: (pages: BackupProgress) => void;
}

/** Pages at a time: what takes about as long as a commit. */
const stepPages = 64;

/**
 * Copies a spool that is open, in small steps, so that commits on the same connection go on in between: they are in the
 * copy. It is one file, for its owner only, under its name when it is complete, and on the disk. Throws MillraceErrors
 * that say what to do; the spool is as it was.
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
      `the backup to ${file} failed: ${errorData(error).message}. The queue itself is as it was.`,
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
  if (existsSync(file)) throw usageError(`expected a name that is free for the backup, but ${file} is there already`);
}

function completeCopy(part: string, isInUse: boolean): void {
  const copy = new Database(part);
  try {
    // One file instead of a file and its log.
    copy.pragma('journal_mode = DELETE');
    copy.pragma('synchronous = FULL');
    // What the start that goes on writes to the sink from now on, the copy does not know of: it must not pass for that start.
    if (isInUse) {
      copy
        .prepare('UPDATE starts SET id = ? WHERE generation = (SELECT generation FROM spool)')
        .run(`copied ${randomBytes(12).toString('base64url')}`);
    }
  } finally {
    copy.close();
  }
}

function syncDirectory(directory: string): void {
  const fd = openSync(directory, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
