import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { BadRow } from '../../../../src/sinks/port.ts';
import { storesAsGiven, toSqlite, type Bound } from '../../../../src/sinks/sqlite/values.ts';
import { Folder } from './a-folder.ts';

const column = { name: 'c', label: 'table "t", column "c"', isKey: false, asIntegers: false };
const asGiven = { ...column, asIntegers: true };

describe('a value', () => {
  it.each<[unknown, Bound]>([
    ['text', 'text'],
    ['', ''],
    ['a\0b', 'a\0b'],
    ['𝄞', '𝄞'],
    [5, 5],
    [-0.5, -0.5],
    [1e300, 1e300],
    [2 ** 53, 2 ** 53],
    [true, 1],
    [false, 0],
    [null, null],
    [2n ** 63n - 1n, 2n ** 63n - 1n],
    [-(2n ** 63n), -(2n ** 63n)],
    [new Date(Date.UTC(2026, 1, 3)), '2026-02-03T00:00:00.000Z'],
    [[], '[]'],
    [{ a: [1, 'b', null, { c: true }] }, '{"a":[1,"b",null,{"c":true}]}'],
    [new Set(['a', 'b']), '["a","b"]'],
    [new Map([['hp', 45]]), '{"hp":45}'],
    [new URL('https://vendor.example/1'), '"https://vendor.example/1"'],
  ])('%p is bound as %p', (value, bound) => {
    expect(toSqlite(value, column)).toEqual(bound);
  });

  it.each<[unknown, Bound]>([
    [5, 5n],
    [0.5, 0.5],
    [true, 1n],
    [1e300, 1e300],
  ])('%p is bound as %p where SQLite stores it as given', (value, bound) => {
    expect(toSqlite(value, asGiven)).toEqual(bound);
  });

  it.each<[string, unknown, number[]]>([
    ['Buffer', Buffer.from([1, 2]), [1, 2]],
    ['part of an array buffer', new Uint8Array(new Uint8Array([1, 2, 3]).buffer, 1, 1), [2]],
    ['array buffer', new Uint8Array([1, 2]).buffer, [1, 2]],
    ['view of other numbers', new Uint16Array(new Uint8Array([1, 2]).buffer), [1, 2]],
    ['empty one', new Uint8Array(), []],
  ])('of bytes is bound as those bytes: %s', (_what, value, bytes) => {
    expect([...(toSqlite(value, column) as Uint8Array)]).toEqual(bytes);
  });

  it.each<[string, unknown, string]>([
    ['NaN', Number.NaN, 'expected a finite number, got NaN'],
    ['infinity', -Infinity, 'expected a finite number, got -Infinity'],
    ['BigInt beyond 64 bits', 2n ** 63n, 'expected a BigInt of 64 bits'],
    ['BigInt below 64 bits', -(2n ** 63n) - 1n, 'expected a BigInt of 64 bits'],
    ['invalid date', new Date(Number.NaN), 'expected a valid date'],
    ['half a surrogate pair', 'a\uD800b', 'expected well-formed text'],
    ['function', () => 1, 'expected data, got a function'],
    ['symbol', Symbol('s'), 'expected data, got a symbol'],
    ['promise', Promise.resolve(1), 'expected plain data, got a Promise (is an await missing?) at $'],
    ['BigInt within', { a: [1n] }, 'expected a number or text, got a BigInt at $.a[0]'],
  ])('that SQLite would alter or cannot hold is a bad row that names the column: %s', (_what, value, text) => {
    expect(() => toSqlite(value, column)).toThrow(BadRow);
    expect(() => toSqlite(value, column)).toThrow(`table "t", column "c": ${text}`);
  });

  it('of the key is not null', () => {
    expect(() => toSqlite(null, { ...column, isKey: true })).toThrow(BadRow);
  });
});

it.each([
  ['INTEGER', false],
  ['bigint', false],
  ['REAL', false],
  ['NUMERIC', false],
  ['DECIMAL(10, 2)', false],
  ['POINT', false],
  ['TEXT', true],
  ['varchar(20)', true],
  ['CLOB', true],
  ['BLOB', true],
  ['ANY', true],
  ['', true],
])('a column of type %p stores numbers as given: %p', (type, expected) => {
  expect(storesAsGiven(type)).toBe(expected);
});

describe('what SQLite gives back', () => {
  let folder: Folder;
  beforeEach(() => {
    folder = new Folder();
  });
  afterEach(async () => await folder.dispose());

  it('is what was written, in columns without a type', async () => {
    const value = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.integer(),
      fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => (Object.is(number, -0) ? 0 : number)),
      fc.constant(null),
      fc.uint8Array({ maxLength: 9 }).map((bytes) => Buffer.from(bytes)),
    );
    const rows = fc.array(fc.record({ a: value, b: value, c: value }), { minLength: 1, maxLength: 20 });
    // No types: numbers stay what they are, and text stays text.
    const writer = await folder.open({ columns: { a: 'BLOB', b: 'BLOB', c: 'BLOB' } });
    await fc.assert(
      fc.asyncProperty(rows, async (written) => {
        folder.run('DELETE FROM results');
        await writer.write(...written);
        expect(folder.query()).toEqual(written);
      }),
      { numRuns: 30 },
    );
  }, 60_000);

  it.each([
    ['INTEGER', 5, 'integer', 5],
    ['REAL', 5, 'real', 5],
    ['TEXT', 5, 'text', '5'],
    ['TEXT', true, 'text', '1'],
    ['TEXT', 0.5, 'text', '0.5'],
    ['BLOB', 5, 'integer', 5],
    ['BLOB', 0.5, 'real', 0.5],
    ['INTEGER', 0.5, 'real', 0.5],
    ['BLOB', new Uint8Array(), 'blob', Buffer.alloc(0)],
  ])('of a column %s that %p was written to is %s', async (type, value, storedAs, stored) => {
    const writer = await folder.open({ columns: { v: type } });
    await writer.write({ v: value });
    expect(folder.query('SELECT typeof(v) AS type, v FROM results')).toEqual([{ type: storedAs, v: stored }]);
  });

  it('is exact for BigInts of 64 bits', async () => {
    const writer = await folder.open();
    await writer.write({ v: 2n ** 63n - 1n });
    expect(folder.query('SELECT CAST(v AS TEXT) AS v FROM results')).toEqual([{ v: '9223372036854775807' }]);
  });
});
