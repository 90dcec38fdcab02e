import { resolve as resolvePath } from 'node:path';
import { configError, DependencyError } from '../../core/errors.ts';
import type { OpenContext } from '../../sources/port.ts';
import type { BoundValue } from '../sql-source/fields.ts';
import { orderOf, type Order } from '../sql-source/keyset.ts';
import type { Window } from '../sql-source/window.ts';
import { untilFree } from './busy.ts';
import { ExactRows } from './exact-rows.ts';
import { filePathProblem } from './file-path.ts';
import { PageReader } from './page-reader.ts';
import { connectReadOnly, readFault } from './read-only.ts';
import { type BoundParam, findRelation, type Relation } from './relation.ts';
import type { SqliteSourceSettings } from './source-settings.ts';

export type DatabaseContext = Pick<OpenContext, 'clock' | 'signal' | 'resolve' | 'log'>;

/** A database that a source reads, and what it reads of it. */
export interface OpenedDatabase {
  readonly file: string;
  readonly rows: ExactRows;
  readonly relation: Relation;
  readonly order: Order;
  /** Runs a step that reads, and repeats it while the database is locked. */
  readonly whenFree: <T>(step: () => T) => Promise<T>;
  readonly pagesOf: (window: Window) => PageReader;
  readonly close: () => void;
}

export async function openDatabase(settings: SqliteSourceSettings, context: DatabaseContext): Promise<OpenedDatabase> {
  const file = pathOf(settings, context);
  let isOpen = false;
  const whenFree = async <T>(step: () => T): Promise<T> => {
    try {
      return await untilFree(context, file, step, (problem, cause) => new DependencyError(problem, { cause }));
    } catch (error) {
      throw readFault(file, error, { isOpen });
    }
  };
  const db = await whenFree(() => connectReadOnly(file));
  isOpen = true;
  try {
    const params = boundParams(settings.params, context);
    const relation = await whenFree(() => findRelation(db, settings, params));
    const order = orderOf(relation.key, settings.incremental?.cursor);
    const encoding = await whenFree(() => db.pragma('encoding', { simple: true }) as string);
    const rows = new ExactRows(db);
    return {
      file,
      rows,
      relation,
      order,
      whenFree,
      pagesOf: (window) => new PageReader({ ...settings, rows, encoding, relation, order, window }),
      close: () => void db.close(),
    };
  } catch (error) {
    db.close();
    throw error;
  }
}

function pathOf({ file, directory }: SqliteSourceSettings, { resolve }: DatabaseContext): string {
  const path = resolve(file);
  const problem = filePathProblem(path);
  if (problem !== undefined) throw configError('SOURCE_FILE', `from.sqlite: file: ${problem}`);
  return resolvePath(directory, path);
}

function boundParams(
  params: Readonly<Record<string, BoundValue>>,
  context: DatabaseContext,
): Record<string, BoundParam> {
  return Object.fromEntries(
    Object.entries(params).map(([name, value]) => [name, value === null ? null : bindable(value, context)]),
  );
}

/** As SQLite gets it: without this, better-sqlite3 would bind whole numbers as floating-point numbers. */
export function bindable(value: Exclude<BoundValue, null>, { resolve }: DatabaseContext): string | number | bigint {
  if (typeof value === 'bigint') return value;
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : value;
  return resolve(value);
}
