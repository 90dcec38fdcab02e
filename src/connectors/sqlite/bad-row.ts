import { errorData } from '../../core/errors.ts';
import { BadRow } from '../../sinks/port.ts';
import { sqliteCodeOf } from './error-codes.ts';

/** A BadRow that names the table. `problem`: what is wrong, or the error that was thrown. */
export function badRow(table: string, problem: unknown): BadRow {
  if (problem instanceof BadRow) return problem;
  const name = `table "${table}"`;
  if (typeof problem === 'string') return new BadRow(`${name}: ${problem}`);
  // Errors that are not SQLite's come from the row itself: a getter, a proxy, a value that is too large.
  const what = sqliteCodeOf(problem) === undefined ? 'the row cannot be written: ' : '';
  return new BadRow(`${name}: ${what}${errorData(problem).message}`, { cause: problem });
}
