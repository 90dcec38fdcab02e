import { describe, expect, it } from '@jest/globals';
import { BadRow } from '../../../../src/sinks/port.ts';
import { affinityOf } from '../../../../src/connectors/sqlite/affinity.ts';
import { toSqlite, type Bound, type Column } from '../../../../src/connectors/sqlite/values.ts';

const declared = (type: string, more: Partial<Column> = {}): Column => ({
  name: 'c',
  label: 'table "t", column "c"',
  type,
  affinity: affinityOf(type, false),
  isKey: false,
  isRowNumber: false,
  isUtf16: false,
  isSecret: () => false,
  ...more,
});
const real = declared('REAL');
const untyped = declared('');

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
    [2n ** 53n, 2n ** 53n],
    [new Date(Date.UTC(2026, 1, 3)), '2026-02-03T00:00:00.000Z'],
    [[], '[]'],
    [{ a: [1, 'b', null, { c: true }] }, '{"a":[1,"b",null,{"c":true}]}'],
    [new Set(['a', 'b']), '["a","b"]'],
    [new Map([['hp', 45]]), '{"hp":45}'],
    [new URL('https://vendor.example/1'), '"https://vendor.example/1"'],
  ])('%p is bound as %p', (value, bound) => {
    expect(toSqlite(value, real)).toEqual(bound);
  });

  it.each<[unknown, Bound]>([
    [5, 5n],
    [-0, 0n],
    [0.5, 0.5],
    [true, 1n],
    [1e300, 1e300],
    [2n ** 63n - 1n, 2n ** 63n - 1n],
    ['08001', '08001'],
  ])('%p is bound as %p if SQLite converts nothing', (value, bound) => {
    expect(toSqlite(value, untyped)).toEqual(bound);
  });

  it.each<[string, unknown, number[]]>([
    ['Buffer', Buffer.from([1, 2]), [1, 2]],
    ['part of an array buffer', new Uint8Array(new Uint8Array([1, 2, 3]).buffer, 1, 1), [2]],
    ['array buffer', new Uint8Array([1, 2]).buffer, [1, 2]],
    ['view of other numbers', new Uint16Array(new Uint8Array([1, 2]).buffer), [1, 2]],
    ['empty one', new Uint8Array(), []],
  ])('made of bytes is bound as those bytes: %s', (_what, value, bytes) => {
    expect([...(toSqlite(value, real) as Uint8Array)]).toEqual(bytes);
  });

  it('made of bytes is copied, so that the buffer may be reused', () => {
    const buffer = Buffer.from([1, 2]);
    const bound = toSqlite(buffer, real) as Uint8Array;
    buffer.fill(9);
    expect([...bound]).toEqual([1, 2]);
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
  ])('that SQLite would alter or cannot hold is a bad row, with the name of the column: %s', (_what, value, text) => {
    expect(() => toSqlite(value, real)).toThrow(BadRow);
    expect(() => toSqlite(value, real)).toThrow(`table "t", column "c": ${text}`);
  });

  it.each<[string, unknown, string]>([
    [
      'INTEGER',
      '08001',
      'a column of type INTEGER would store "08001" as a number; declare it TEXT, or BLOB to keep both text and numbers, or return a number',
    ],
    ['NUMERIC', '1.10', 'would store "1.10" as a number; declare it TEXT'],
    ['REAL', '1e3', 'would store "1e3" as a number; declare it TEXT'],
    [
      'TEXT',
      5,
      'a column of type TEXT would store 5 as text; declare it INTEGER, or BLOB to keep both text and numbers, or return String(c)',
    ],
    ['VARCHAR(20)', 0.5, 'a column of type VARCHAR(20) would store 0.5 as text; declare it REAL'],
    ['TEXT', true, 'would store true as text; declare it INTEGER'],
    ['TEXT', 5n, 'would store the BigInt 5 as text; declare it INTEGER'],
    ['REAL', 2n ** 53n + 1n, 'would round the BigInt 9007199254740993; declare it INTEGER'],
  ])('that a column of type %s would convert is a bad row, with the type to declare: %p', (type, value, text) => {
    expect(() => toSqlite(value, declared(type))).toThrow(BadRow);
    expect(() => toSqlite(value, declared(type))).toThrow(text);
  });

  it('is not shown if it is secret', () => {
    const column = declared('INTEGER', { isSecret: () => true });
    expect(() => toSqlite('08001', column)).toThrow('would store a string as a number');
  });

  it.each<[unknown, string]>([
    [null, 'expected a value for the key, got null'],
    [true, 'as a key true would be the same as 1; return Number(c) or String(c) instead'],
    [new Date(0), 'would be the same as "1970-01-01T00:00:00.000Z"; return c.toISOString() instead'],
    [[1], 'as a key an array would be the same as "[1]"; return JSON.stringify(c) instead'],
    [{ a: 1 }, 'as a key a plain object would be the same as "{\\"a\\":1}"; return JSON.stringify(c)'],
  ])('that would equal another key is a bad row: %p', (value, text) => {
    const key = declared('', { isKey: true });
    expect(() => toSqlite(value, key)).toThrow(BadRow);
    expect(() => toSqlite(value, key)).toThrow(text);
  });

  it('must not be null in a column that SQLite would number', () => {
    expect(() => toSqlite(null, declared('INTEGER', { isRowNumber: true }))).toThrow('leave the column out');
  });
});
