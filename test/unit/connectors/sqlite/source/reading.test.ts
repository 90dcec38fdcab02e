import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ADatabase } from './a-database.ts';

let database: ADatabase;
const given = (...statements: string[]): ADatabase => (database = new ADatabase(...statements));
afterEach(() => database.dispose());

const ids = (items: readonly unknown[]): unknown[] => items.map((item) => (item as { id: unknown }).id);

describe('from.sqlite reads', () => {
  it('a whole table in the order of its primary key', async () => {
    given('CREATE TABLE t (id INTEGER PRIMARY KEY, name)', `INSERT INTO t VALUES (3, 'c'), (1, 'a'), (2, 'b')`);
    expect(await database.items({ page: 2 })).toEqual([
      { id: 1, name: 'a' },
      { id: 2, name: 'b' },
      { id: 3, name: 'c' },
    ]);
  });

  it('an empty table without yielding anything', async () => {
    given('CREATE TABLE t (id INTEGER PRIMARY KEY)');
    expect(await database.read()).toEqual([]);
  });

  it('only the columns and rows that columns and where name, even if the key is not among them', async () => {
    given(
      'CREATE TABLE t (id INTEGER PRIMARY KEY, name, kind)',
      `INSERT INTO t VALUES (1, 'a', 1), (2, 'b', 2), (3, 'c', 2)`,
    );
    const options = { columns: ['name'], where: 'kind = :kind -- a comment', params: { kind: 2 } };
    expect(await database.items({ ...options, page: 1 })).toEqual([{ name: 'b' }, { name: 'c' }]);
  });

  it('the rows of a query, with a comment and a semicolon at its end', async () => {
    given('CREATE TABLE t (id INTEGER PRIMARY KEY, n)', 'INSERT INTO t VALUES (1, 10), (2, 20), (3, 30)');
    const query = 'WITH big AS (SELECT * FROM t WHERE n > :n) SELECT id AS "the id", n * 2 AS twice FROM big -- all\n;';
    expect(await database.items({ query, key: 'the id', params: { n: 10 }, page: 1 })).toEqual([
      { 'the id': 2, twice: 40 },
      { 'the id': 3, twice: 60 },
    ]);
  });

  it('params as values, whatever they hold', async () => {
    given('CREATE TABLE t (id INTEGER PRIMARY KEY, name)', `INSERT INTO t VALUES (1, 'a'), (2, ''' OR 1=1; --')`);
    const where = 'name = $name';
    expect(ids(await database.items({ where, params: { name: "' OR 1=1; --" } }))).toEqual([2]);
    expect(ids(await database.items({ query: 'SELECT * FROM t LIMIT :n', params: { n: 1 }, key: 'id' }))).toEqual([1]);
  });

  it('params as integers, if they are whole numbers', async () => {
    given('CREATE TABLE t (id INTEGER PRIMARY KEY)', 'INSERT INTO t VALUES (1)');
    const query = 'SELECT id, typeof(:whole) AS a, typeof(:half) AS b, typeof(:big) AS c, typeof(:none) AS d FROM t';
    const params = { whole: 1, half: 0.5, big: 9007199254740993n, none: null };
    expect(await database.items({ query, key: 'id', params })).toEqual([
      { id: 1, a: 'integer', b: 'real', c: 'integer', d: 'null' },
    ]);
  });

  it('tables and columns by their exact names, with quotes, spaces and keywords in them', async () => {
    given(
      'CREATE TABLE "a ""b"".c; DROP" ("select" INTEGER PRIMARY KEY, "x ""y" TEXT, "__proto__" TEXT)',
      `INSERT INTO "a ""b"".c; DROP" VALUES (1, 'z', 'p')`,
    );
    const [item] = await database.items({ table: 'a "b".c; DROP', key: ['x "y', 'select'] });
    expect(Object.entries(item as object)).toEqual([
      ['select', 1],
      ['x "y', 'z'],
      ['__proto__', 'p'],
    ]);
  });

  it('a view, and a table by its row numbers', async () => {
    given('CREATE TABLE t (n)', 'INSERT INTO t VALUES (30), (10)', 'CREATE VIEW v AS SELECT n FROM t');
    expect(await database.items({ table: 'v', key: 'n', page: 1 })).toEqual([{ n: 10 }, { n: 30 }]);
    expect(await database.items({ key: 'rowid', page: 1 })).toEqual([{ n: 30 }, { n: 10 }]);
  });

  it.each(['a query', 'a view', 'a query of a view', 'an incremental cursor'])(
    'a UNION whose key holds numbers and text that looks like numbers, without losing rows: %s',
    async (kind) => {
      const union = 'SELECT n AS k FROM b UNION ALL SELECT code FROM a';
      given(
        'CREATE TABLE a (code TEXT)',
        'CREATE TABLE b (n INTEGER)',
        `INSERT INTO a VALUES ('9'), ('10'), ('100')`,
        'INSERT INTO b VALUES (5), (7), (50)',
      );
      if (kind !== 'a query') database.db.exec(`CREATE VIEW v AS ${union}`);
      const options = {
        'a query': { query: union },
        'a view': { table: 'v' },
        'a query of a view': { query: 'SELECT k FROM v' },
        'an incremental cursor': { table: 'v', incremental: { cursor: 'k' } },
      }[kind]!;
      const expected = [5, 7, 50, '10', '100', '9'].map((k) => ({ k }));
      for (const page of [1, 4]) expect(await database.items({ ...options, key: 'k', page })).toEqual(expected);
    },
  );

  it('a table whose text key ignores case, without losing rows', async () => {
    given('CREATE TABLE t (id TEXT COLLATE NOCASE PRIMARY KEY)', `INSERT INTO t VALUES ('b'), ('A'), ('C'), ('a ')`);
    expect(ids(await database.items({ page: 1 }))).toEqual(['A', 'a ', 'b', 'C']);
  });

  it('large rows in smaller pages, so that they do not fill the memory', async () => {
    given('CREATE TABLE t (id INTEGER PRIMARY KEY, bytes)');
    for (let id = 1; id <= 5; id++) database.db.prepare('INSERT INTO t VALUES (?, zeroblob(3000000))').run(id);
    const rows = database.rows();
    await rows.next();
    // The first page has ended before the third row.
    database.db.exec('DELETE FROM t WHERE id >= 3');
    let left = 0;
    for await (const _ of rows) left++;
    expect(left).toBe(1);
  });

  it('small rows in smaller pages as well, whatever page says', async () => {
    given('CREATE TABLE t (id INTEGER PRIMARY KEY)');
    database.db.exec(
      'WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 30000) INSERT INTO t SELECT i FROM n',
    );
    const rows = database.rows({ page: 1_000_000 });
    await rows.next();
    database.db.exec('DELETE FROM t WHERE id > 25000');
    let left = 0;
    for await (const _ of rows) left++;
    expect(left).toBe(24_999);
  });
});

describe('from.sqlite, when the program that wrote the database was killed,', () => {
  it('reads what that program had committed to the log', async () => {
    given('PRAGMA journal_mode = WAL', 'CREATE TABLE t (id INTEGER PRIMARY KEY)', 'INSERT INTO t VALUES (1), (2)');
    const file = join(database.directory, 'left.db');
    for (const end of ['', '-wal']) copyFileSync(database.file + end, file + end);
    expect(ids(await database.items({ file }))).toEqual([1, 2]);
  });
});

describe('values', () => {
  it.each([
    ['an integer', '5', 5],
    ['the largest exact number', '9007199254740991', 9007199254740991],
    ['an integer beyond 2^53', '9007199254740993', '9007199254740993'],
    ['the lowest integer', '-9223372036854775808', '-9223372036854775808'],
    ['a real', '0.1', 0.1],
    ['a whole real', '5.0', 5],
    ['infinity', '9e999', Infinity],
    ['text', `'ü 😀'`, 'ü 😀'],
    ['text with NUL', `'a' || char(0) || 'b'`, 'a\0b'],
    ['text with U+FFFD', 'char(65533)', '\uFFFD'],
    ['digits as text', `'007'`, '007'],
    ['empty text', `''`, ''],
    ['a blob', `x'00ff'`, Buffer.from([0, 255])],
    ['NULL', 'NULL', null],
  ])('arrive exactly, by how they are stored, from an untyped and a STRICT column: %s', async (_, sql, value) => {
    given('CREATE TABLE t (id INTEGER PRIMARY KEY, anything ANY) STRICT', `INSERT INTO t VALUES (1, ${sql})`);
    database.db.exec(`CREATE TABLE u (id INTEGER PRIMARY KEY, anything)`);
    database.db.exec(`INSERT INTO u VALUES (1, ${sql})`);
    expect(await database.items()).toEqual([{ id: 1, anything: value }]);
    expect(await database.items({ table: 'u' })).toEqual([{ id: 1, anything: value }]);
  });

  it('of integers beyond 2^53 are text, or BigInts or rounded numbers on request', async () => {
    given('CREATE TABLE t (id INTEGER PRIMARY KEY)', 'INSERT INTO t VALUES (9007199254740993)');
    expect(await database.items({ bigints: 'bigint' })).toEqual([{ id: 9007199254740993n }]);
    expect(await database.items({ bigints: 'number' })).toEqual([{ id: 9007199254740992 }]);
  });

  it('of a UTF-16 database arrive exactly', async () => {
    given(
      'PRAGMA encoding = "UTF-16le"',
      'CREATE TABLE t (id INTEGER PRIMARY KEY, x)',
      `INSERT INTO t VALUES (1, 'ü' || char(65533))`,
    );
    expect(await database.items()).toEqual([{ id: 1, x: 'ü\uFFFD' }]);
  });

  it('that are text in another encoding end the run, with column, row and how to read the bytes', async () => {
    given('CREATE TABLE t (id INTEGER PRIMARY KEY, x)', `INSERT INTO t VALUES (1, 'a'), (7, CAST(x'4dfc' AS TEXT))`);
    await expect(database.items()).rejects.toThrow(
      'expected text that is valid UTF-8, got other bytes in column "x" of table t, in the row with id = 7. Correct the row, or read',
    );
    const query = 'SELECT id, CAST("x" AS BLOB) AS "x" FROM t WHERE id = 7';
    expect(await database.items({ query, key: 'id' })).toEqual([{ id: 7, x: Buffer.from([0x4d, 0xfc]) }]);
  });

  it('that stand for themselves as U+FFFD are accepted in every row, also where the key alone is not unique', async () => {
    given('CREATE TABLE t (at, id, x, UNIQUE (at, id))', `INSERT INTO t VALUES (1, 1, 'a'), (2, 1, char(65533))`);
    expect(await database.items({ key: 'id', incremental: { cursor: 'at' } })).toHaveLength(2);
  });

  it('that are a key in another encoding end the run as well', async () => {
    given('CREATE TABLE t (id TEXT PRIMARY KEY)', `INSERT INTO t VALUES (CAST(x'fc' AS TEXT))`);
    await expect(database.items()).rejects.toThrow('expected text that is valid UTF-8, got other bytes in column "id"');
  });
});

describe('a run that resumes', () => {
  const keyPart = fc.oneof(
    fc.integer({ min: -2, max: 2 }),
    fc.constantFrom(0.5, -0.5, 1e300, Infinity, -Infinity),
    fc.constantFrom(9007199254740993n, 9007199254740992n, -9223372036854775808n),
    fc.constantFrom('', 'a', 'A', 'b', 'ä', '1', 'a '),
    fc.constantFrom(Buffer.from([]), Buffer.from([1]), Buffer.from('a')),
  );

  it('has every row once, in the same order, whatever the rows, the page and the row where it stopped', async () => {
    given('CREATE TABLE t (a, b, c TEXT COLLATE NOCASE, UNIQUE (a, b, c))');
    const insert = database.db.prepare('INSERT OR IGNORE INTO t VALUES (?, ?, ?)');
    const rows = fc.array(fc.tuple(keyPart, keyPart, fc.constantFrom('x', 'X', 'y')), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(rows, fc.integer({ min: 1, max: 4 }), async (values, page) => {
        database.db.exec('DELETE FROM t');
        for (const [a, b, c] of values) insert.run(a, b, c);
        const options = { key: ['a', 'b', 'c'], bigints: 'bigint' as const, page };
        const all = await database.read(options);
        const sorted = database.db.prepare('SELECT * FROM t ORDER BY a, b, c').safeIntegers().all();
        expect(all).toHaveLength(sorted.length);
        expect(all.map(({ item }) => item)).toEqual(sorted.map(withNumbers));
        for (let i = 0; i < all.length; i++) {
          expect(await database.read(options, { cursor: all[i]!.cursor, isReopened: true })).toEqual(all.slice(i + 1));
        }
      }),
      { numRuns: 60 },
    );
  });

  it('is refused if it now reads in another order', async () => {
    given('CREATE TABLE t (a INTEGER PRIMARY KEY, b)', 'INSERT INTO t VALUES (1, 2)');
    const [{ cursor } = { cursor: undefined }] = await database.read();
    await expect(database.read({ key: 'b' }, { cursor })).rejects.toThrow(
      'expected a run that reads in the order of b, got one that was begun with a. Put key and incremental.cursor back',
    );
  });

  it.each([
    ['table', { table: 'u' }],
    ['where', { where: 'b < 9' }],
    ['query', { query: 'SELECT * FROM t', key: 'a' }],
  ])('is refused if it now has another %s, whose rows it would skip', async (_, options) => {
    given('CREATE TABLE t (a INTEGER PRIMARY KEY, b)', 'INSERT INTO t VALUES (1, 2)');
    database.db.exec('CREATE TABLE u (a INTEGER PRIMARY KEY, b)');
    const [{ cursor } = { cursor: undefined }] = await database.read();
    await expect(database.read(options, { cursor })).rejects.toThrow(
      /expected the table, where or query that this run was begun with, got another one.* start over with --fresh/,
    );
  });
});

/** Integers that are exact as numbers are numbers. */
function withNumbers(row: unknown): object {
  const values = Object.entries(row as object).map(([name, value]) => [
    name,
    typeof value === 'bigint' && Number.isSafeInteger(Number(value)) ? Number(value) : (value as unknown),
  ]);
  return Object.fromEntries(values) as object;
}

describe('a table that changes while it is read', () => {
  it('yields each row once that was there all the time, in this process and in the next', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.constantFrom('insert', 'delete'), fc.integer({ min: 1, max: 40 })), { maxLength: 30 }),
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 1, max: 10 }),
        async (changes, page, stop) => {
          database = new ADatabase('CREATE TABLE t (id INTEGER PRIMARY KEY)');
          // Even ids stay, odd ids come and go.
          for (let id = 2; id <= 40; id += 2) database.db.prepare('INSERT INTO t VALUES (?)').run(id);
          const read: unknown[] = [];
          let cursor: unknown;
          let isOver = false;
          while (!isOver) {
            isOver = true;
            let count = 0;
            for await (const row of database.rows({ page }, { cursor, isReopened: cursor !== undefined })) {
              read.push(row.item);
              ({ cursor } = row);
              const [what, id] = changes.shift() ?? [];
              if (what === 'insert') database.db.prepare('INSERT OR IGNORE INTO t VALUES (?)').run(id! | 1);
              if (what === 'delete') database.db.prepare('DELETE FROM t WHERE id = ?').run(id! | 1);
              if (++count === stop) {
                isOver = false;
                break;
              }
            }
          }
          const found = ids(read) as number[];
          expect(new Set(found).size).toBe(found.length);
          expect(found.filter((id) => id % 2 === 0)).toEqual(Array.from({ length: 20 }, (_, i) => 2 * i + 2));
          database.dispose();
        },
      ),
      { numRuns: 40 },
    );
    given();
  });

  it('can be checkpointed while the source is not asked for rows, because no transaction is open', async () => {
    given('PRAGMA journal_mode = WAL', 'CREATE TABLE t (id INTEGER PRIMARY KEY)', 'INSERT INTO t VALUES (1), (2), (3)');
    const rows = database.rows({ page: 2 });
    await rows.next();
    database.db.exec('INSERT INTO t VALUES (4)');
    expect(database.db.pragma('wal_checkpoint(TRUNCATE)')).toEqual([{ busy: 0, log: 0, checkpointed: 0 }]);
    const left: unknown[] = [];
    for await (const { item } of rows) left.push(item);
    expect(ids(left)).toEqual([2, 3, 4]);
  });
});
