import type { CheckContext } from '../../sources/port.ts';
import type { SqlValue } from '../sql-source/cursor.ts';
import { positionOf } from '../sql-source/keyset.ts';
import { isDateTime, isNoLag } from '../sql-source/lag.ts';
import { rangeOf } from './cursor-column.ts';
import { openDatabase } from './opened-database.ts';
import { indexWarning } from './plan.ts';
import { runWindow } from './run-window.ts';
import type { SqliteSourceSettings } from './source-settings.ts';

/** Opens the database and reads one page, and says what is missing for quick and complete runs. */
export async function checkSource(settings: SqliteSourceSettings, context: CheckContext): Promise<readonly string[]> {
  const opened = await openDatabase(settings, context);
  const { file, rows, relation, order, whenFree } = opened;
  try {
    const window = await runWindow(opened, settings.incremental, undefined, context);
    const pages = opened.pagesOf(window);
    await whenFree(() => pages.read(positionOf(undefined)));
    const plan = await whenFree(() => pages.plan());
    const { cursor } = order;
    const range = cursor === undefined ? [] : await whenFree(() => rangeOf(rows, relation, cursor));
    return [
      `${file}, ${relation.name}: can be read, in the order of ${order.columns.join(', ')}`,
      ...indexWarning(plan, relation, order.columns, settings),
      ...lagAdvice(settings, range),
    ];
  } finally {
    opened.close();
  }
}

/** Rows may be committed later than their time says. */
function lagAdvice({ incremental }: SqliteSourceSettings, range: readonly SqlValue[]): string[] {
  if (incremental === undefined || !isNoLag(incremental.lag) || !range.some(isDateTime)) return [];
  return [
    `warning: a row that is committed late, with a time that has been read already, is missed: set incremental.lag, such as '60s'`,
  ];
}
