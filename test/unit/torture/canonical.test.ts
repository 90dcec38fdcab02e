import { describe, expect, it } from '@jest/globals';
import { cellText, digestOf, jsonCells, sqliteCells } from '../../../src/torture/canonical.ts';

describe('digests', () => {
  it.each<[string, unknown, unknown]>([
    ['fields in another order', { a: 1, b: 2 }, { b: 2, a: 1 }],
    ['a field that is undefined, and none', { a: 1, b: undefined }, { a: 1 }],
    [
      'an instance and its fields',
      new (class {
        a = 1;
      })(),
      { a: 1 },
    ],
    ['bytes in different wrappings', Buffer.from('ab'), new Uint8Array([97, 98])],
  ])('are the same for %s', (_, one, other) => {
    expect(digestOf(one)).toBe(digestOf(other));
  });

  it('differ for values that differ, even if only in type', () => {
    const values = [
      undefined,
      null,
      0,
      -0,
      1,
      NaN,
      Infinity,
      1n,
      '1',
      '',
      'n',
      true,
      [],
      [[]],
      {},
      { a: 1 },
      { a: '1' },
      { a: null },
      new Date(1),
      new Set([1]),
      new Map([[1, 2]]),
      [1, 2],
      [[1, 2]],
      '[1,2]',
      Buffer.from([1]),
      /a/,
      /a/i,
      new Error('a'),
    ];
    expect(new Set(values.map(digestOf)).size).toBe(values.length);
  });
});

describe('the cells that a row is expected to have', () => {
  it('are as SQLite returns them', () => {
    const row = {
      ID: 7,
      big: 9007199254740993n,
      yes: true,
      at: new Date(0),
      none: null,
      not: undefined,
      list: [1, { a: 1n }],
    };
    expect(sqliteCells({ ...row, bytes: Buffer.from([255]) })).toEqual({
      id: '7',
      big: '9007199254740993',
      yes: '1',
      at: '1970-01-01T00:00:00.000Z',
      list: '[1,{"a":"1"}]',
      bytes: 'ff',
    });
    expect(cellText(9007199254740993n)).toBe('9007199254740993');
    expect(cellText(2.5)).toBe('2.5');
  });

  it('are short, and still tell long cells apart', () => {
    const [one, other] = ['a', 'b'].map((end) => cellText('x'.repeat(100_000) + end));
    expect(one!.length).toBeLessThan(100);
    expect(one).not.toBe(other);
  });

  it('are one line of JSON, even for values that JSON does not have', () => {
    expect(jsonCells({ a: new Set([1n]), b: new Map([['c', new Date(0)]]) })).toEqual({
      row: '{"a":["1"],"b":{"c":"1970-01-01T00:00:00.000Z"}}',
    });
    const circular: Record<string, unknown> = {};
    circular['self'] = circular;
    expect(jsonCells(circular)).toEqual({ row: 'no JSON' });
  });
});
