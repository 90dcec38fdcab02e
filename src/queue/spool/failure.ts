import { dirname } from 'node:path';
import { errorData, MillraceError } from '../../core/errors.ts';
import { exitCodes } from '../../core/exit-codes.ts';
import { noSpaceToStart } from '../place.ts';
import { StoreFull } from '../store.ts';

/** Turns any error of the spool into one that says what to do: `StoreFull` (try again later) or a MillraceError (exit 74). */
export function spoolFailure(error: unknown, file: string): Error {
  if (error instanceof MillraceError) return error;
  const code = (error as { code?: unknown }).code;
  const reason = errorData(error).message;
  // The second code is about the index of the log, which readers need next to the file.
  if (code === 'SQLITE_FULL' || code === 'SQLITE_IOERR_SHMSIZE') {
    return new StoreFull(`no disk space for the queue in ${dirname(file)}: ${reason}`, { cause: error });
  }
  // Text in a row that cannot be parsed is damage, too.
  const isDamaged = code === 'SQLITE_NOTADB' || error instanceof SyntaxError;
  if (isDamaged || (typeof code === 'string' && code.startsWith('SQLITE_CORRUPT'))) {
    return new MillraceError(
      'SPOOL_DAMAGED',
      `the queue's file ${file} is damaged or not a SQLite database (${reason}). It was not changed. ` +
        'Restore it from a backup, or start over with --fresh, which archives it.',
      { cause: error, exitCode: exitCodes.io },
    );
  }
  return ioError(
    `the queue's file ${file} failed: ${reason}. Nothing has been written since; what was stored is still there.`,
    error,
  );
}

/** An error while the spool is opened. Without a spool there is nothing to do, so a full disk is as final as any other error. */
export function openingFailure(error: unknown, file: string): Error {
  const failure = spoolFailure(error, file);
  return failure instanceof StoreFull ? noSpaceToStart(failure) : failure;
}

/** An error of a read. A read does not wait for space, so a full disk is as final as any other error. */
export function readingFailure(error: unknown, file: string): Error {
  const failure = spoolFailure(error, file);
  return failure instanceof StoreFull ? ioError(failure.message, error) : failure;
}

/** The spool's disk or file has failed: exit 74. */
export function ioError(message: string, cause: unknown): MillraceError {
  return new MillraceError('SPOOL', message, { cause, exitCode: exitCodes.io });
}
