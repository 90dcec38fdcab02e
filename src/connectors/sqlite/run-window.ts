import { configError } from '../../core/errors.ts';
import type { SqlCursor, SqlValue } from '../sql-source/cursor.ts';
import type { Incremental } from '../sql-source/options.ts';
import { fittingBound, wholeTable, type Window, windowOf } from '../sql-source/window.ts';
import { countNulls, rangeOf } from './cursor-column.ts';
import { bindable, type DatabaseContext, type OpenedDatabase } from './opened-database.ts';

/** The window of this run. Throws a configuration error if rows would be missing from it unnoticed. */
export async function runWindow(
  opened: OpenedDatabase,
  incremental: Incremental | undefined,
  previous: SqlCursor | undefined,
  context: DatabaseContext,
): Promise<Window> {
  if (incremental === undefined) return wholeTable;
  const { rows, relation, whenFree } = opened;
  const { cursor, lag } = incremental;
  await checkNulls(opened, incremental, context);
  const range = await whenFree(() => rangeOf(rows, relation, cursor));
  const column = `column "${cursor}" of ${relation.name}`;
  const fitting = (option: 'start' | 'end'): SqlValue | undefined => {
    const bound = incremental[option];
    if (bound === undefined) return undefined;
    const value = bindable(bound, context);
    return range.length === 0 ? value : range.map((example) => fittingBound(option, value, example, column))[0];
  };
  return windowOf({ column, lag, start: fitting('start'), end: fitting('end') }, previous);
}

/** Rows whose cursor is NULL are never left out unnoticed. */
async function checkNulls(
  { rows, relation, whenFree }: OpenedDatabase,
  { cursor, nullCursor }: Incremental,
  { log }: DatabaseContext,
): Promise<void> {
  if (nullCursor === 'include') return;
  const atMost = nullCursor === 'error' ? 1 : undefined;
  const nulls = await whenFree(() => countNulls(rows, relation, cursor, atMost));
  if (nulls === 0) return;
  if (nullCursor === 'skip') return log.warn(`rows without a value for "${cursor}" are skipped`, { rows: nulls });
  throw configError(
    'SOURCE_KEY',
    `incremental: expected a value for "${cursor}" in every row of ${relation.name}, got NULL; set nullCursor: 'include' to read ` +
      `such rows in every run, or 'skip' to leave them out`,
  );
}
