import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { columnsOf, cutToColumns } from '../../../src/observability/columns.ts';

describe('text on a terminal', () => {
  it.each([
    ['abc', 3],
    ['Pokémon', 7],
    ['e\u0301', 1],
    ['名前', 4],
    ['🐟', 2],
    ['\u001b[31mred\u001b[39m', 3],
    ['█░', 2],
  ])('is measured in columns: %j has %d', (text, columns) => {
    expect(columnsOf(text)).toBe(columns);
  });

  it.each([
    ['abcdef', 6, 'abcdef'],
    ['abcdef', 5, 'abcd…'],
    ['名前は', 5, '名前…'],
    ['名前は', 4, '名…'],
    ['abc', 1, '…'],
    ['abc', 0, ''],
  ])('is cut to a width: %j cut to %d columns is %j', (text, columns, cut) => {
    expect(cutToColumns(text, columns)).toBe(cut);
  });

  it('is never wider than the width that it was cut to', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.nat(30), (text, columns) => {
        expect(columnsOf(cutToColumns(text, columns))).toBeLessThanOrEqual(columns);
      }),
    );
  });
});
