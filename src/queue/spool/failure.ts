import { dirname } from 'node:path';
import { errorData, MillraceError } from '../../core/errors.ts';
import { exitCodes } from '../../core/exit-codes.ts';
import { StoreFull } from '../store.ts';

/** Any error of the spool, as what the caller is to do: `StoreFull` (try again later) or a MillraceError (exit 74). */
export function spoolFailure(error: unknown, file: string): Error {
  if (error instanceof MillraceError) return error;
  const code = (error as { code?: unknown }).code;
  const reason = errorData(error).message;
  // The second: the index of the log, which whoever only reads needs beside the file.
  if (code === 'SQLITE_FULL' || code === 'SQLITE_IOERR_SHMSIZE') {
    return new StoreFull(`no room for the queue in ${dirname(file)}: ${reason}`, { cause: error });
  }
  // Text in a row that cannot be understood is damage as well.
  const isDamaged = code === 'SQLITE_NOTADB' || error instanceof SyntaxError;
  if (isDamaged || (typeof code === 'string' && code.startsWith('SQLITE_CORRUPT'))) {
    return new MillraceError(
      'SPOOL_DAMAGED',
      `the queue's file ${file} is damaged or not a SQLite database (${reason}). It is left as it is. ` +
        'Restore it from a backup; or start over with --fresh, which moves it aside.',
      { cause: error, exitCode: exitCodes.io },
    );
  }
  return ioError(
    `the queue's file ${file} failed: ${reason}. Nothing was written since; what was stored is still there.`,
    error,
  );
}

/** An error while the spool is opened. There is nothing to go on with: a full disk is as final as any other. */
export function openingFailure(error: unknown, file: string): Error {
  const failure = spoolFailure(error, file);
  return failure instanceof StoreFull ? ioError(`${failure.message}. Make room, then start again.`, error) : failure;
}

/** Whether a file could not be opened for what is in it: no supervisor holds it then, and nothing in it can be told. */
export function isUnreadable(error: unknown): error is MillraceError {
  return error instanceof MillraceError && ['SPOOL_DAMAGED', 'SPOOL_NEWER', 'SPOOL_INCOMPLETE'].includes(error.code);
}

/** An error while something was read. There is no room to wait for: a full disk is as final as any other. */
export function readingFailure(error: unknown, file: string): Error {
  const failure = spoolFailure(error, file);
  return failure instanceof StoreFull ? ioError(failure.message, error) : failure;
}

/** The spool's disk or file has failed: exit 74. */
export function ioError(message: string, cause: unknown): MillraceError {
  return new MillraceError('SPOOL', message, { cause, exitCode: exitCodes.io });
}
