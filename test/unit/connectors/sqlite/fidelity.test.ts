/** SQLite returns what the sink was given, or the sink refuses it: every type of JavaScript in every type of column. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import Sqlite from 'better-sqlite3';
import fc from 'fast-check';
import { Intervals } from '../../../../src/core/intervals.ts';
import { BadRow } from '../../../../src/sinks/port.ts';
import { Directory, type Writer } from './a-directory.ts';
import { batchWith } from '../../../contract/captured-by.ts';

let directory: Directory;
beforeEach(() => {
  directory = new Directory();
});
afterEach(async () => await directory.dispose());

/** Declarations of the column "v", with and without STRICT. */
// prettier-ignore
const declarations = [
  'INTEGER', 'BIGINT', 'NUMERIC', 'DECIMAL(10, 2)', 'BOOLEAN', 'DATETIME', 'REAL', 'DOUBLE', 'TEXT', 'VARCHAR(9)',
  'BLOB', 'ANY', '',
].map((type) => ({ type, strict: '' }));
const strictDeclarations = ['INT', 'INTEGER', 'REAL', 'TEXT', 'BLOB', 'ANY'].map((type) => ({
  type,
  strict: 'STRICT',
}));

interface Stored {
  type: string;
  value: unknown;
}

/** What must be stored for `value`: whole numbers unchanged, in either of SQLite's two number types. */
function isKept(value: unknown, { type, value: stored }: Stored): boolean {
  if (value === null) return type === 'null';
  if (typeof value === 'number' || typeof value === 'boolean') {
    return type === 'integer' ? stored === BigInt(Number(value)) : type === 'real' && stored === Number(value);
  }
  if (typeof value === 'bigint') {
    return type === 'integer' ? stored === value : type === 'real' && BigInt(stored as number) === value;
  }
  if (value instanceof Uint8Array) return type === 'blob' && Buffer.compare(stored as Buffer, value) === 0;
  const text = typeof value === 'string' ? value : value instanceof Date ? value.toISOString() : JSON.stringify(value);
  return type === 'text' && stored === text;
}

/** Writes each value as its own row; returns what was stored for it, or how it was refused. */
async function outcomes(writer: Writer, values: readonly unknown[]): Promise<(Stored | BadRow)[]> {
  const db = new Sqlite(directory.file).defaultSafeIntegers();
  const found: (Stored | BadRow)[] = [];
  for (const v of values) {
    const error = await errorOf(writer.write({ v }));
    if (error !== undefined && !(error instanceof BadRow)) throw error;
    found.push(error ?? (db.prepare('SELECT typeof(v) AS type, v AS value FROM results').get() as Stored));
    db.exec('DELETE FROM results');
  }
  db.close();
  return found;
}

/** The error that the promise rejects with; undefined if it does not reject. */
async function errorOf(promise: Promise<unknown>): Promise<unknown> {
  return await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
}

const numericText = [
  '7',
  '007',
  '7.0',
  '08001',
  '+41',
  '1e3',
  '1.10',
  ' 7 ',
  '12345678901234567890',
  '-0',
  '.5',
  '7\0',
];
const plainText = ['', 'x', '7 apples', '0x10', '1_000', 'Infinity', 'null', 'a\0b', '𝄞', '\uFEFF', '\uFFFE'];
const allNumbers = [0, -0, 1, -1, 0.5, 2 ** 31, 2 ** 51, 2 ** 53 - 1, 2 ** 53, 2 ** 60, -(2 ** 63), 1e300, 5e-324];
const smallBigInts = [0n, 7n, -7n, 2n ** 53n, 2n ** 60n, -(2n ** 63n)];
const exactBigInts = [2n ** 53n + 1n, 2n ** 63n - 1n, 12345678901234567n];
const texts = [new Date(0), new Date('+012026-01-01T00:00:00Z'), [], [1, 'a'], { a: { b: null } }];
const bytes = [new Uint8Array(), Buffer.from('7'), Buffer.from([0, 255])];

describe.each([...declarations, ...strictDeclarations])('in a column of type "$type" $strict', ({ type, strict }) => {
  const isNone = type === '' || type === 'BLOB' || (type === 'ANY' && strict !== '');
  const isText = type === 'TEXT' || type.startsWith('VARCHAR');
  const isReal = type === 'REAL' || type === 'DOUBLE';
  const isNumeric = !isNone && !isText;

  it.each<[string, readonly unknown[], boolean]>([
    ['text that is not a number', plainText, true],
    ['text that is a number', numericText, !isNumeric],
    ['numbers', allNumbers, !isText],
    ['BigInts that a floating-point number can hold', smallBigInts, !isText],
    ['BigInts that none can hold', exactBigInts, !isText && !isReal],
    ['booleans', [true, false], !isText],
    ['dates, arrays and objects', texts, true],
    ['bytes', bytes, true],
    ['null', [null], true],
  ])('a value is kept, or refused with the name of the column: %s', async (_what, values, mayBeKept) => {
    directory.run(`CREATE TABLE results (v ${type}) ${strict}`);
    for (const [i, outcome] of (await outcomes(await directory.open(), values)).entries()) {
      // A STRICT table refuses more values itself.
      const isExpected =
        outcome instanceof BadRow ? !mayBeKept || strict !== '' : mayBeKept && isKept(values[i], outcome);
      const namesColumn = !(outcome instanceof BadRow) || /column "v": |results\.v/.test(outcome.message);
      expect({ value: values[i], outcome, isExpected, namesColumn }).toMatchObject({
        isExpected: true,
        namesColumn: true,
      });
    }
  });
});

it('a value of any type in a column of any type is kept or refused, even in a UTF-16 database', async () => {
  const value = fc.oneof(
    fc.constantFrom(
      ...numericText,
      ...plainText,
      ...allNumbers,
      ...smallBigInts,
      ...exactBigInts,
      true,
      null,
      ...bytes,
    ),
    fc.string({ unit: 'binary' }),
    fc.double(),
    fc.integer(),
    fc.bigInt({ min: -(2n ** 64n), max: 2n ** 64n }),
    fc.bigInt().map(String),
    fc.double().map(String),
    fc.date(),
    fc.uint8Array({ maxLength: 9 }),
  );
  for (const encoding of ['UTF-8', 'UTF-16']) {
    for (const { type, strict } of [...declarations, ...strictDeclarations]) {
      const table = `r${encoding}${type}${strict}`;
      const inside = new Directory();
      inside.run(`PRAGMA encoding = '${encoding}'`, `CREATE TABLE "${table}" (v ${type}) ${strict}`);
      const writer = await inside.open({ table });
      const db = new Sqlite(inside.file).defaultSafeIntegers();
      const stored = db.prepare(`SELECT typeof(v) AS type, v AS value FROM "${table}" ORDER BY rowid DESC LIMIT 1`);
      try {
        await fc.assert(
          fc.asyncProperty(value, async (v) => {
            const error = await errorOf(writer.write({ v }));
            expect(error === undefined ? isKept(v, stored.get() as Stored) : error instanceof BadRow).toBe(true);
          }),
          { numRuns: 12 },
        );
      } finally {
        db.close();
        await inside.dispose();
      }
    }
  }
}, 120_000);

describe('two different keys', () => {
  // prettier-ignore
  const keys: readonly unknown[] = [
    7, '7', '007', '7.0', ' 7', '7 ', '+7', '7e0', 7n, 7.5, '7.5', 0, -0, '0', '-0', 1, '1', true, 'true',
    2 ** 53, 2n ** 53n, 2n ** 53n + 1n, '9007199254740993', 2n ** 63n - 1n, 2 ** 63, '9223372036854775807', 1e300,
    'a', 'A', 'a ', 'ä', 'Ä', '', ' ', Buffer.from('7'), Buffer.from('a'), new Date(0), new Date(0).toISOString(),
    [7], '[7]', null, Number.NaN,
  ];
  /** Numbers and BigInts of the same value are one key, as are 0 and -0; all other keys differ by type and value. */
  const identity = (key: unknown): string => {
    if (typeof key === 'number' && Number.isInteger(key)) return `integer ${BigInt(key)}`;
    if (typeof key === 'bigint') return `integer ${key}`;
    return key instanceof Uint8Array ? `bytes ${Buffer.from(key).toString('hex')}` : `${typeof key} ${String(key)}`;
  };

  it.each<[string, string | undefined]>([
    ['inferred', undefined],
    ...['INTEGER', 'NUMERIC', 'REAL', 'TEXT', 'BLOB', 'DECIMAL(9, 2)', 'VARCHAR(9)', 'DATETIME', 'BOOLEAN'].map(
      (type): [string, string] => [type, type],
    ),
    ['TEXT COLLATE NOCASE', 'TEXT COLLATE NOCASE'],
    ['TEXT COLLATE RTRIM', 'TEXT COLLATE RTRIM'],
    ['BLOB COLLATE NOCASE', 'BLOB COLLATE NOCASE'],
  ])(
    'are never one row, whatever the column: %s',
    async (_what, type) => {
      const order = fc.shuffledSubarray([...keys], { minLength: 10 });
      await fc.assert(
        fc.asyncProperty(order, fc.boolean(), async (some, hasMore) => {
          const inside = new Directory();
          const columns = { ...(type && { columns: { id: type, ...(hasMore && { n: 'INTEGER' }) } }) };
          const writer = await inside.open({ key: 'id', ...columns });
          const taken = new Map<string, number>();
          const refusals: unknown[] = [];
          for (const [n, id] of some.entries()) {
            const error = await errorOf(writer.write(hasMore ? { id, n } : { id }));
            if (error === undefined) taken.set(identity(id), n);
            else refusals.push(error);
          }
          const isThere = inside.query("SELECT 1 FROM sqlite_schema WHERE name = 'results'").length > 0;
          const rows = isThere ? (inside.query('SELECT * FROM results') as { n?: number }[]) : [];
          await inside.dispose();
          expect(refusals.every((error) => error instanceof BadRow)).toBe(true);
          expect(rows).toHaveLength(taken.size);
          // An update changes the row that has the key.
          const numbers = rows.map(({ n }) => n ?? 0).toSorted((one, other) => one - other);
          expect(numbers).toEqual(hasMore ? [...taken.values()].toSorted((one, other) => one - other) : numbers);
        }),
        { numRuns: 2 },
      );
    },
    60_000,
  );

  it('are two rows in an inferred table, and stay one row each when they are written again', async () => {
    const writer = await directory.open({ key: 'id' });
    for (const id of [7, '7', '007', '7.0', 7, '007']) await writer.write({ id });
    expect(directory.query('SELECT typeof(id) AS type, id FROM results')).toEqual([
      { type: 'integer', id: 7 },
      { type: 'text', id: '7' },
      { type: 'text', id: '007' },
      { type: 'text', id: '7.0' },
    ]);
  });

  it.each([
    ['CREATE TABLE results (id TEXT PRIMARY KEY COLLATE NOCASE, n)', 'a', 'A'],
    ['CREATE TABLE results (id TEXT, n); CREATE UNIQUE INDEX i ON results (id COLLATE RTRIM)', 'a', 'a '],
    ['CREATE TABLE results (id TEXT COLLATE NOCASE PRIMARY KEY, n) WITHOUT ROWID', 'a', 'A'],
  ])('are not mixed up by a collation that equates them: %s', async (table, one, other) => {
    directory.run(table);
    const writer = await directory.open({ key: 'id' });
    await writer.write({ id: one, n: 1 });
    await writer.write({ id: one, n: 2 });
    const written = writer.write({ id: other, n: 3 });
    await expect(written).rejects.toThrow(BadRow);
    await expect(written).rejects.toThrow('is a different text that is equal under the collation');
    await expect(writer.write({ id: other })).rejects.toThrow(BadRow);
    expect(directory.query('SELECT id, n FROM results')).toEqual([{ id: one, n: 2 }]);
  });

  it('are distinguished by an index that does so, whatever the collation of the column', async () => {
    directory.run(
      'CREATE TABLE results (id TEXT COLLATE NOCASE, n)',
      'CREATE UNIQUE INDEX i ON results (id COLLATE BINARY)',
    );
    const writer = await directory.open({ key: 'id' });
    await writer.write({ id: 'a', n: 1 }, { id: 'A', n: 2 });
    expect(directory.query('SELECT id, n FROM results')).toEqual([
      { id: 'a', n: 1 },
      { id: 'A', n: 2 },
    ]);
  });
});

it('a null does not become the row number that SQLite assigns', async () => {
  directory.run('CREATE TABLE results (id INTEGER PRIMARY KEY, name)');
  const writer = await directory.open();
  await expect(writer.write({ id: null, name: 'a' })).rejects.toThrow('leave the column out');
  await writer.write({ name: 'b' }, { id: undefined, name: 'c' });
  expect(directory.query()).toEqual([
    { id: 1, name: 'b' },
    { id: 2, name: 'c' },
  ]);
});

it('a row is checked against the table as it is at the write, not as it was at the capture', async () => {
  const writer = await directory.open();
  const captured: unknown[] = [];
  writer.capture({ v: '08001' }, captured);
  directory.run('CREATE TABLE results (v INTEGER)');
  const written = writer.commit(batchWith(Intervals.of([1, 1]), captured));
  await expect(written).rejects.toThrow('column "v": a column of type INTEGER would store "08001" as a number');
  await writer.write({ v: 5 });
  directory.run('DROP TABLE results', 'CREATE TABLE results (v TEXT)');
  await expect(writer.write({ v: 5 })).rejects.toThrow('a column of type TEXT would store 5 as text');
  await writer.write({ v: '08001' });
  expect(directory.query()).toEqual([{ v: '08001' }]);
});
