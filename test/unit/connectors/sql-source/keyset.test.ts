import { describe, expect, it } from '@jest/globals';
import { cursorAt, mayBeSame, nextRows, orderOf, positionOf } from '../../../../src/connectors/sql-source/keyset.ts';
import { isCursorOf, keptValue, valueOf } from '../../../../src/connectors/sql-source/cursor.ts';
import { originOf } from '../../../../src/connectors/sql-source/origin.ts';
import { fittingBound, wholeTable, windowOf } from '../../../../src/connectors/sql-source/window.ts';

const quote = (name: string): string => `[${name}]`;
const byKey = orderOf(['a', 'b'], undefined);
const byTime = orderOf(['id'], 'at');
const column = 'column at of table t';
const origin = originOf({ from: { query: 'SELECT …' } }, byTime.columns);

describe('the rows of the next page', () => {
  it.each([
    ['of a table, from its start', { part: 'rows', after: undefined }, byKey, wholeTable, '', []],
    ['after a row', { part: 'rows', after: [1n, 2n] }, byKey, wholeTable, '([a], [b]) > (?, ?)', [1n, 2n]],
    ['by one column', { part: 'rows', after: [1n] }, orderOf(['a'], undefined), wholeTable, '[a] > ?', [1n]],
    ['with a cursor', { part: 'rows', after: undefined }, byTime, wholeTable, '[at] IS NOT NULL', []],
    [
      'of a later run',
      { part: 'rows', after: undefined },
      byTime,
      { atLeast: [3n], below: 9n, after: [5n, 1n] },
      '[at] >= ? AND [at] < ? AND ([at], [id]) > (?, ?)',
      [3n, 9n, 5n, 1n],
    ],
    [
      'of a later run, after a row',
      { part: 'rows', after: [6n, 2n] },
      byTime,
      { atLeast: [3n], below: 9n, after: [5n, 1n] },
      '[at] < ? AND ([at], [id]) > (?, ?)',
      [9n, 6n, 2n],
    ],
    [
      'without a cursor, after a row',
      { part: 'nulls', after: [7n] },
      byTime,
      wholeTable,
      '[at] IS NULL AND [id] > ?',
      [7n],
    ],
  ] as const)('%s', (_, position, order, window, sql, values) => {
    expect(nextRows(position, order, window, quote)).toEqual({ sql, values });
  });

  it('are in the order of the cursor, and then of the rest of the key', () => {
    expect(orderOf(['a', 'b'], 'b').columns).toEqual(['b', 'a']);
    expect(byTime.columns).toEqual(['at', 'id']);
  });
});

describe('a cursor', () => {
  it('leads back to its position, in JSON', () => {
    const after = ['x', 1n, 0.5, Infinity, 9007199254740993n, Buffer.from([255])];
    const kept = JSON.parse(JSON.stringify(cursorAt({ part: 'rows', after }, origin, undefined))) as never;
    expect(positionOf(kept)).toEqual({ part: 'rows', after });
    expect(isCursorOf(kept, origin)).toBe(true);
    expect(isCursorOf(kept, { ...origin, order: ['a'] })).toBe(false);
    expect(isCursorOf(kept, { ...origin, from: 'another' })).toBe(false);
    expect(isCursorOf('5', origin)).toBe(false);
  });

  it('keeps where the other rows were, among rows without a value', () => {
    const last = cursorAt({ part: 'rows', after: [5n, 1n] }, origin, undefined);
    const cursor = cursorAt({ part: 'nulls', after: [7n] }, origin, last);
    expect(positionOf(cursor)).toEqual({ part: 'nulls', after: [7n] });
    expect(windowOf({ column, lag: 0, start: undefined, end: undefined }, cursor)).toEqual({
      atLeast: [],
      after: [5n, 1n],
    });
  });

  it('cannot hold NULL', () => {
    expect(() => keptValue(null)).toThrow('NULL has no place in a cursor');
    expect(valueOf(keptValue(-0))).toBe(0n);
  });
});

describe('the origin of a cursor', () => {
  const from = (table: string, where?: string) => originOf({ from: { table, where, columns: ['a'] } }, ['a']);

  it('is another for another table, condition or query, and the same for other columns', () => {
    const origins = [
      from('t'),
      from('u'),
      from('t', 'a = :a'),
      from('t', 'a = :b'),
      originOf({ from: { query: 't' } }, ['a']),
    ];
    expect(new Set(origins.map((each) => each.from)).size).toBe(origins.length);
    expect(originOf({ from: { table: 't', where: undefined, columns: undefined } }, ['a'])).toEqual(from('t'));
  });
});

describe('the window of a run', () => {
  const last = cursorAt({ part: 'rows', after: [50n, 1n] }, origin, undefined);

  it.each([
    ['first', 0, undefined, { atLeast: [10n], below: 90n }],
    ['next', '0s', last, { atLeast: [10n], below: 90n, after: [50n, 1n] }],
    ['next, with a lag', 5, last, { atLeast: [10n, 45n], below: 90n }],
  ])('%s', (_, lag, previous, window) => {
    expect(windowOf({ column, lag, start: 10n, end: 90n }, previous)).toEqual(window);
  });

  it.each([
    ['5', 1n, 5n],
    ['-0.5', 1n, -0.5],
    ['x', 'y', 'x'],
    [5n, 0.5, 5n],
    ['x', undefined, 'x'],
  ])('has bounds that can be compared with values: %s with %s', (bound, example, fitting) => {
    expect(fittingBound('start', bound, example, column)).toEqual(fitting);
  });

  it.each([
    [5n, 'x', 'start: expected text, because column at of table t has values such as "x", got 5'],
    ['2024-01-01', 5n, 'start: expected a number, because column at of table t has values such as 5, got "2024-01-01"'],
    [
      '9223372036854775808',
      5n,
      'start: expected an integer from -2^63 to 2^63 - 1 for column at of table t, got "9223372036854775808"',
    ],
    ['x', Buffer.from('x'), 'start: expected bytes, because column at of table t has values such as bytes, got "x"'],
  ])('refuses bounds that cannot: %s with %s', (bound, example, problem) => {
    expect(() => fittingBound('start', bound, example, column)).toThrow(problem);
  });
});

describe('two keys', () => {
  it.each([
    [['a'], ['A '], true],
    [[1n], [1], true],
    [[Buffer.from('a')], [Buffer.from('a')], true],
    [['a', 1n], ['a', 2n], false],
    [['a\0b'], ['A\0c'], true],
    [['1'], [1n], false],
    [['a'], [Buffer.from('a')], true],
  ])('may be the same to a database: %j and %j', (a, b, isSame) => {
    const values = (list: unknown): never => list as never;
    expect(mayBeSame(values(a), values(b))).toBe(isSame);
  });
});
