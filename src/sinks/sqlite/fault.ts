/** Whose fault an error of SQLite is: a row's, for ever; the sink's, for now; nobody knows what it did; or the file's. */
import { MillraceError } from '../../core/errors.ts';
import { BadRow, OutcomeUnknown } from '../port.ts';
import { damaged, sqliteCodeOf } from './database.ts';

/**
 * Of SQLite's errors a closed list is the row's; the others are the sink's, and it will be tried again. What is
 * neither SQLite's nor ours came from reading the row, or says that a value is too big to bind.
 */
export function isRowsFault(error: unknown): boolean {
  const code = sqliteCodeOf(error);
  if (code !== undefined) return /^SQLITE_(CONSTRAINT|MISMATCH|TOOBIG)/.test(code);
  return !(error instanceof MillraceError);
}

/** `error` of a failed transaction as the port has it, where it is more than "the sink's, for now". */
export function faultOf(error: unknown, file: string, table: string): unknown {
  const code = sqliteCodeOf(error);
  if (code === undefined) return error;
  const text = `${(error as Error).message} (${code})`;
  // A foreign key that is checked at the end only: the one fault of a row that shows in COMMIT.
  if (code === 'SQLITE_CONSTRAINT_FOREIGNKEY') return new BadRow(`table "${table}": ${text}`, { cause: error });
  // What has reached the log may count after all: SQLite reads it again at the next opening.
  if (code.startsWith('SQLITE_IOERR')) return new OutcomeUnknown(`${file}: ${text}`, { cause: error });
  if (/^SQLITE_(CORRUPT|NOTADB)/.test(code)) return damaged(file, error);
  return error;
}
