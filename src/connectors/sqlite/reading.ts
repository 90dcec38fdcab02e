/** The part of `from.sqlite` that is loaded only when the source is opened. */
import type { Chunk, OpenContext, OpenSource } from '../../sources/port.ts';
import { hasOrder, isCursorOf, resumeCursor, type SqlCursor } from '../sql-source/cursor.ts';
import { cursorAt, type Position, positionOf } from '../sql-source/keyset.ts';
import { type Origin, originOf } from '../sql-source/origin.ts';
import { openDatabase, type OpenedDatabase } from './opened-database.ts';
import { runWindow } from './run-window.ts';
import type { SqliteSourceSettings } from './source-settings.ts';

/** Opens the database in the producer. */
export async function openSource(settings: SqliteSourceSettings, context: OpenContext): Promise<OpenSource> {
  const opened = await openDatabase(settings, context);
  return { read: () => readRows(opened, settings, context), close: opened.close };
}

async function* readRows(
  opened: OpenedDatabase,
  settings: SqliteSourceSettings,
  context: OpenContext,
): AsyncGenerator<Chunk> {
  const { order, whenFree } = opened;
  const { incremental } = settings;
  const origin = originOf(settings, order.columns);
  const resumed = resumeCursor(context.cursor, origin);
  const before = incremental && previousCursor(context, origin);
  const pages = opened.pagesOf(await runWindow(opened, incremental, before, context));
  const afterRows: Position | undefined =
    incremental?.nullCursor === 'include' ? { part: 'nulls', after: undefined } : undefined;
  let last = resumed ?? before;
  let next: Position | undefined = positionOf(resumed);
  while (next !== undefined && !context.signal.aborted) {
    const { part }: Position = next;
    const { rows, isLast } = await whenFree(pages.read.bind(pages, next));
    for (const { item, values } of rows) {
      next = { part, after: values };
      last = cursorAt(next, origin, last);
      yield { items: [item], cursor: last };
    }
    if (isLast) next = part === 'rows' ? afterRows : undefined;
  }
}

/** Where the last finished run ended, if it read the same rows in the same order. */
function previousCursor(
  { previous, log }: Pick<OpenContext, 'previous' | 'log'>,
  origin: Origin,
): SqlCursor | undefined {
  if (previous === undefined || isCursorOf(previous, origin)) return previous;
  const { order } = origin;
  const other = hasOrder(previous, order) ? 'had another table, where or query' : 'read rows in another order';
  log.warn(`the last finished run ${other}: this run reads all rows`, { order });
  return undefined;
}
