/**
 * Decides what an error of SQLite concerns: the row, permanently; the sink, temporarily; the file; or the outcome is
 * unknown.
 */
import { exitCodes } from '../../core/exit-codes.ts';
import { MillraceError } from '../../core/errors.ts';
import { BadRow, OutcomeUnknown } from '../../sinks/port.ts';
import { damaged } from './database.ts';
import { isDamage, isOutage, sqliteCodeOf } from './error-codes.ts';

/**
 * Whether an error of the statement that writes a row belongs to the row. Every error of SQLite that concerns
 * neither the file nor the connection does: a constraint, a type, a trigger that fails. Other rows can still be written,
 * and waiting does not help. An error that is neither SQLite's nor ours came from reading the row, or says that a value is
 * too big to bind.
 */
export function isRowsFault(error: unknown): boolean {
  const code = sqliteCodeOf(error);
  if (code !== undefined) return !isOutage(code) && !isDamage(code);
  return !(error instanceof MillraceError);
}

/** Converts `error` of a failed transaction to an error of the port, unless it means that the sink is unreachable. */
export function faultOf(error: unknown, file: string, tables: string): unknown {
  const code = sqliteCodeOf(error);
  if (code === undefined) return error;
  const text = `${(error as Error).message} (${code})`;
  // A foreign key that is checked only at the end is the only fault of a row that shows in COMMIT.
  if (code === 'SQLITE_CONSTRAINT_FOREIGNKEY') return new BadRow(`${tables}: ${text}`, { cause: error });
  // The commit may have succeeded: SQLite reads the log again at the next opening.
  if (code.startsWith('SQLITE_IOERR')) return new OutcomeUnknown(`${file}: ${text}`, { cause: error });
  if (isDamage(code)) return damaged(file, error);
  return isOutage(code) ? error : brokenLedger(file, text, error);
}

/** The error is not about a row, so one of our own statements no longer works. */
function brokenLedger(file: string, problem: string, cause: unknown): MillraceError {
  const text = `the tables in ${file} that Millrace keeps next to the rows no longer work: ${problem}. Nothing more will be written; `;
  const advice =
    'items that are not in it stay in the queue. Restore the file together with the queue, or start over with --fresh.';
  return new MillraceError('SINK_DAMAGED', text + advice, { cause, exitCode: exitCodes.io });
}
