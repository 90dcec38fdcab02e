import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { param } from '../../../../../src/values/param.ts';
import { openContext } from '../../../../support/read-source.ts';
import { ADatabase } from './a-database.ts';

let database: ADatabase;
beforeEach(() => {
  database = new ADatabase('CREATE TABLE t (id INTEGER PRIMARY KEY, changed)');
});
afterEach(() => database.dispose());

const insert = (...rows: readonly (readonly [id: number, changed: unknown])[]): void => {
  for (const row of rows) database.db.prepare('INSERT INTO t VALUES (?, ?)').run(...row);
};

type Options = Parameters<ADatabase['read']>[0];

/** One run after another: each begins with the final cursor of the last one that had a cursor. */
class Runs {
  #previous: unknown;

  async next(options: Options): Promise<unknown[]> {
    const rows = await database.read({ page: 2, ...options }, { previous: this.#previous });
    this.#previous = rows.at(-1)?.cursor ?? this.#previous;
    return rows.map(({ item }) => (item as { id: unknown }).id);
  }
}

describe('incremental reading', () => {
  it('reads everything in the order of the cursor, and then only what is new, ties included', async () => {
    const runs = new Runs();
    const options = { incremental: { cursor: 'changed' } };
    insert([1, 20], [2, 10], [4, 20]);
    expect(await runs.next(options)).toEqual([2, 1, 4]);
    expect(await runs.next(options)).toEqual([]);
    insert([5, 20], [6, 30]);
    database.db.exec('UPDATE t SET changed = 40 WHERE id = 2');
    expect(await runs.next(options)).toEqual([5, 6, 2]);
    expect(await runs.next(options)).toEqual([]);
  });

  it('begins as far before the last value as lag says', async () => {
    const options = { incremental: { cursor: 'changed', lag: '60s' } as const };
    const runs = new Runs();
    insert([1, '2024-03-01 09:59:29'], [2, '2024-03-01 09:59:30'], [3, '2024-03-01 10:00:30']);
    expect(await runs.next(options)).toEqual([1, 2, 3]);
    insert([4, '2024-03-01 09:59:50'], [5, '2024-03-01 09:00:00']);
    expect(await runs.next(options)).toEqual([2, 4, 3]);
  });

  it('takes a lag in the unit of a cursor that is a number', async () => {
    const runs = new Runs();
    const options = { incremental: { cursor: 'changed', lag: 5 } };
    insert([1, 10], [2, 14], [3, 20]);
    await runs.next(options);
    insert([4, 15]);
    expect(await runs.next(options)).toEqual([4, 3]);
    await expect(runs.next({ incremental: { cursor: 'changed', lag: '5s' } })).rejects.toThrow(
      'lag: expected a number in the unit of column "changed" of table t, whose last value is 20, got the duration 5s',
    );
  });

  it('takes a lag below one in the unit of a cursor, such as a number of days', async () => {
    const runs = new Runs();
    const options = { incremental: { cursor: 'changed', lag: 0.25 } };
    insert([1, 10], [2, 10.5]);
    await runs.next(options);
    insert([3, 10.375]);
    expect(await runs.next(options)).toEqual([3, 2]);
  });

  it.each([
    ['numbers', [10, 20, 30], 20],
    ['numbers, and a bound that is a param', [10, 20, 30], param.string({ default: '20' })],
    ['text', ['a', 'b', 'c'], 'b'],
  ])('reads from start, up to but not including end: %s', async (_, [a, b, c], bound) => {
    insert([1, a], [2, b], [3, c], [4, b]);
    const context = openContext({ resolve: (text) => (typeof text === 'string' ? text : '20') });
    const read = async (incremental: { start?: typeof bound; end?: typeof bound }): Promise<unknown[]> =>
      (await database.items({ incremental: { cursor: 'changed', ...incremental }, page: 1 }, context)).map(
        (item) => (item as { id: unknown }).id,
      );
    expect(await read({ start: bound })).toEqual([2, 4, 3]);
    expect(await read({ end: bound })).toEqual([1]);
    expect(await read({ start: bound, end: bound })).toEqual([]);
  });

  it('keeps to start and end in later runs', async () => {
    const runs = new Runs();
    insert([1, 10], [2, 20]);
    expect(await runs.next({ incremental: { cursor: 'changed' } })).toEqual([1, 2]);
    insert([3, 30], [4, 40]);
    expect(await runs.next({ incremental: { cursor: 'changed', start: 5, end: 40, lag: 20 } })).toEqual([1, 2, 3]);
    expect(await runs.next({ incremental: { cursor: 'changed', start: 25, lag: 20 } })).toEqual([3, 4]);
  });

  it('refuses a bound that no value can be compared with', async () => {
    insert([1, 1_700_000_000]);
    await expect(database.read({ incremental: { cursor: 'changed', start: '2024-01-01' } })).rejects.toThrow(
      'start: expected a number, because column "changed" of table t has values such as 1700000000, got "2024-01-01"',
    );
  });

  it('refuses rows whose cursor is NULL, unless nullCursor says what to do with them', async () => {
    insert([1, 10], [2, null]);
    await expect(database.read({ incremental: { cursor: 'changed' } })).rejects.toThrow(
      `expected a value for "changed" in every row of table t, got NULL; set nullCursor: 'include'`,
    );
  });

  it('skips rows whose cursor is NULL on request, and says how many', async () => {
    insert([1, 10], [2, null], [3, null]);
    const warnings: unknown[] = [];
    const log = { ...openContext().log, warn: (...message: unknown[]) => void warnings.push(message) };
    const incremental = { cursor: 'changed', nullCursor: 'skip' } as const;
    expect(await database.items({ incremental }, { log })).toEqual([{ id: 1, changed: 10 }]);
    expect(warnings).toEqual([['rows without a value for "changed" are skipped', { rows: 2 }]]);
  });

  it('includes rows whose cursor is NULL on request: in every run, after the others', async () => {
    const runs = new Runs();
    const options = { incremental: { cursor: 'changed', nullCursor: 'include' } } as const;
    insert([1, null], [2, null], [3, null]);
    expect(await runs.next(options)).toEqual([1, 2, 3]);
    insert([4, 10], [5, 20]);
    expect(await runs.next(options)).toEqual([4, 5, 1, 2, 3]);
    expect(await runs.next(options)).toEqual([1, 2, 3]);
    insert([6, 20]);
    expect(await runs.next(options)).toEqual([6, 1, 2, 3]);
  });

  it('resumes at any row, also among those whose cursor is NULL and of a later run', async () => {
    insert([1, 10], [2, null], [3, 20], [4, null], [5, 20], [6, null]);
    const options = { incremental: { cursor: 'changed', nullCursor: 'include' }, page: 2 } as const;
    const [first] = await database.read(options);
    for (const previous of [undefined, first!.cursor]) {
      const all = await database.read(options, { previous });
      for (let i = 0; i < all.length; i++) {
        expect(await database.read(options, { previous, cursor: all[i]!.cursor })).toEqual(all.slice(i + 1));
      }
    }
  });

  it('reads everything, and says so, if the last run read in another order', async () => {
    insert([1, 20], [2, 10]);
    const warnings: unknown[] = [];
    const log = { ...openContext().log, warn: (message: string) => void warnings.push(message) };
    const previous = (await database.read()).at(-1)!.cursor;
    const rows = await database.items({ incremental: { cursor: 'changed' } }, { previous, log });
    expect(rows).toHaveLength(2);
    expect(warnings).toEqual(['the last finished run read rows in another order: this run reads all rows']);
  });

  it('reads everything, and says so, if the last run had another condition', async () => {
    insert([1, 10], [2, 20], [3, 30]);
    const warnings: unknown[] = [];
    const log = { ...openContext().log, warn: (message: string) => void warnings.push(message) };
    const incremental = { cursor: 'changed' };
    const previous = (await database.read({ incremental, where: 'id <> 1' })).at(-1)!.cursor;
    expect(await database.items({ incremental }, { previous, log })).toHaveLength(3);
    expect(warnings).toEqual(['the last finished run had another table, where or query: this run reads all rows']);
  });

  it('is not begun anew by another value of a param', async () => {
    insert([1, 10], [2, 20]);
    const options = { incremental: { cursor: 'changed' }, where: 'id > :low' };
    const previous = (await database.read({ ...options, params: { low: 0 } })).at(-1)!.cursor;
    expect(await database.items({ ...options, params: { low: 1 } }, { previous })).toEqual([]);
  });

  it('may follow the key itself', async () => {
    const runs = new Runs();
    insert([1, 0], [2, 0]);
    expect(await runs.next({ incremental: { cursor: 'id' } })).toEqual([1, 2]);
    insert([3, 0]);
    expect(await runs.next({ incremental: { cursor: 'id' } })).toEqual([3]);
  });

  it('follows a column of a query, which items need not have', async () => {
    const runs = new Runs();
    insert([1, 20], [2, 10]);
    const query = { query: 'SELECT id, -changed AS falling FROM t', key: 'id', incremental: { cursor: 'falling' } };
    expect(await runs.next(query)).toEqual([1, 2]);
    expect(await database.items({ columns: ['id'], incremental: { cursor: 'changed' } })).toEqual([
      { id: 2 },
      { id: 1 },
    ]);
  });
});

describe('without incremental', () => {
  it('every run reads everything', async () => {
    insert([1, 20], [2, 10]);
    const runs = new Runs();
    expect(await runs.next({})).toEqual([1, 2]);
    expect(await runs.next({})).toEqual([1, 2]);
  });
});
