/** The part of `from.sqlite` that is loaded only when the source is opened. */
import { resolve as resolvePath } from 'node:path';
import { configError, DependencyError } from '../../core/errors.ts';
import type { CheckContext, Chunk, OpenContext, OpenSource } from '../../sources/port.ts';
import type { BoundValue } from '../sql-source/fields.ts';
import { isCursorOf, resumeCursor, type SqlCursor, type SqlValue } from '../sql-source/cursor.ts';
import { cursorAt, type Order, orderOf, type Position, positionOf } from '../sql-source/keyset.ts';
import { isDateTime, isNoLag } from '../sql-source/lag.ts';
import { fittingBound, wholeTable, type Window, windowOf } from '../sql-source/window.ts';
import { untilFree } from './busy.ts';
import type { Database } from './database.ts';
import { filePathProblem } from './file-path.ts';
import { PageReader } from './page-reader.ts';
import { indexWarning } from './plan.ts';
import { connectReadOnly, readFault } from './read-only.ts';
import { type BoundParam, findRelation, type Relation } from './relation.ts';
import type { SqliteSourceSettings } from './source-settings.ts';

type Context = Pick<OpenContext, 'clock' | 'signal' | 'resolve' | 'log'>;

/** Opens the database in the producer. */
export async function openSqlite(settings: SqliteSourceSettings, context: OpenContext): Promise<OpenSource> {
  const opened = await open(settings, context);
  const { order, db } = opened;
  const resumed = resumeCursor(context.cursor, order.columns);
  return {
    read: () => readRows(opened, settings, resumed, context),
    close: () => void db.close(),
  };
}

interface Opened {
  readonly file: string;
  readonly db: Database;
  readonly relation: Relation;
  readonly order: Order;
  /** Reads from the database, and repeats that while it is locked. */
  readonly whenFree: <T>(step: () => T) => Promise<T>;
}

async function open(settings: SqliteSourceSettings, context: Context): Promise<Opened> {
  const file = pathOf(settings, context);
  const whenFree = async <T>(step: () => T): Promise<T> => {
    try {
      return await untilFree(context, file, step, (problem, cause) => new DependencyError(problem, { cause }));
    } catch (error) {
      throw readFault(file, error);
    }
  };
  const db = await whenFree(() => connectReadOnly(file));
  try {
    const params = boundParams(settings.params, context);
    const relation = await whenFree(() => findRelation(db, settings, params));
    return { file, db, relation, order: orderOf(relation.key, settings.incremental?.cursor), whenFree };
  } catch (error) {
    db.close();
    throw error;
  }
}

async function* readRows(
  opened: Opened,
  settings: SqliteSourceSettings,
  resumed: SqlCursor | undefined,
  context: OpenContext,
): AsyncGenerator<Chunk> {
  const { order, whenFree } = opened;
  const before = settings.incremental && previousCursor(context, order);
  const window = await windowFor(opened, settings, before, context);
  const pages = readerOf(opened, settings, window);
  let last = resumed ?? before;
  for (let next: Position | undefined = positionOf(resumed); next !== undefined && !context.signal.aborted;) {
    const page = await whenFree(pages.read.bind(pages, next));
    const { part }: Position = next;
    for (const { item, values } of page.rows) {
      next = { part, after: values };
      last = cursorAt(next, order, last);
      yield { items: [item], cursor: last };
    }
    if (page.isLast) next = part === 'rows' ? partAfterRows(settings) : undefined;
  }
}

function partAfterRows({ incremental }: SqliteSourceSettings): Position | undefined {
  return incremental?.nullCursor === 'include' ? { part: 'nulls', after: undefined } : undefined;
}

function readerOf({ db, relation, order }: Opened, settings: SqliteSourceSettings, window: Window): PageReader {
  return new PageReader({ ...settings, db, relation, order, window });
}

/** Where the last finished run ended, if it read in the same order. */
function previousCursor({ previous, log }: Pick<OpenContext, 'previous' | 'log'>, order: Order): SqlCursor | undefined {
  if (previous === undefined || isCursorOf(previous, order.columns)) return previous;
  log.warn('the last finished run read rows in another order: this run reads all rows', { order: order.columns });
  return undefined;
}

/** The window of this run. Throws a configuration error if rows would be missing from it unnoticed. */
async function windowFor(
  opened: Opened,
  settings: SqliteSourceSettings,
  previous: SqlCursor | undefined,
  context: Context,
): Promise<Window> {
  const { incremental } = settings;
  if (incremental === undefined) return wholeTable;
  const { relation, whenFree } = opened;
  const { cursor, nullCursor, lag } = incremental;
  const reader = readerOf(opened, settings, wholeTable);
  const nulls = await whenFree(() =>
    nullCursor === 'include' ? 0 : reader.countNulls(nullCursor === 'error' ? 1 : undefined),
  );
  if (nulls > 0 && nullCursor === 'error') {
    throw configError(
      'SOURCE_KEY',
      `incremental: expected a value for "${cursor}" in every row of ${relation.name}, got NULL; set nullCursor: 'include' to read ` +
        `such rows in every run, or 'skip' to leave them out`,
    );
  }
  if (nulls > 0) context.log.warn(`rows without a value for "${cursor}" are skipped`, { rows: nulls });
  const range = await whenFree(() => reader.cursorRange());
  const fitting = (option: 'start' | 'end'): SqlValue | undefined => {
    const bound = incremental[option];
    if (bound === undefined) return undefined;
    const value = bindable(bound, context);
    return range.length === 0 ? value : range.map((example) => fittingBound(option, value, example))[0];
  };
  return windowOf({ lag, start: fitting('start'), end: fitting('end') }, previous);
}

/** Opens the database and reads one row, if there is one. */
export async function checkSqlite(settings: SqliteSourceSettings, context: CheckContext): Promise<readonly string[]> {
  const opened = await open(settings, context);
  const { file, db, relation, order, whenFree } = opened;
  try {
    const window = await windowFor(opened, settings, undefined, context);
    const pages = readerOf(opened, { ...settings, page: 1 }, window);
    await whenFree(() => pages.read(positionOf(undefined)));
    const plan = await whenFree(() => pages.plan());
    const range = order.cursor === undefined ? [] : await whenFree(() => pages.cursorRange());
    return [
      `${file}, ${relation.name}: can be read, in the order of ${order.columns.join(', ')}`,
      ...indexWarning(plan, relation, order.columns, settings),
      ...lagAdvice(settings, range),
    ];
  } finally {
    db.close();
  }
}

/** Rows may be committed later than their time says. */
function lagAdvice({ incremental }: SqliteSourceSettings, range: readonly SqlValue[]): string[] {
  if (incremental === undefined || !isNoLag(incremental.lag) || !range.some(isDateTime)) return [];
  return [
    `warning: a row that is committed late, with a time that has been read already, is missed: set incremental.lag, such as '60s'`,
  ];
}

function pathOf({ file, directory }: SqliteSourceSettings, { resolve }: Context): string {
  const path = resolve(file);
  const problem = filePathProblem(path);
  if (problem !== undefined) throw configError('SOURCE_FILE', `from.sqlite: file: ${problem}`);
  return resolvePath(directory, path);
}

function boundParams(params: Readonly<Record<string, BoundValue>>, context: Context): Record<string, BoundParam> {
  return Object.fromEntries(
    Object.entries(params).map(([name, value]) => [name, value === null ? null : bindable(value, context)]),
  );
}

/** As SQLite gets it: without this, better-sqlite3 would bind whole numbers as floating-point numbers. */
function bindable(value: Exclude<BoundValue, null>, { resolve }: Context): string | number | bigint {
  if (typeof value === 'bigint') return value;
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : value;
  return resolve(value);
}
