import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { cutText, printable, printableJson } from '../../../src/observability/printable.ts';

describe('text from outside', () => {
  it.each([
    ['a\nERROR forged', 'a\\nERROR forged'],
    ['\u001b[2Jgone', '\\e[2Jgone'],
    ['\u009b31m', '\\u009b31m'],
    ['tab\tcr\r', 'tab\\tcr\\r'],
    ['right\u202eleft', 'right\\u202eleft'],
    ['Pokémon 名', 'Pokémon 名'],
  ])('%j is shown as %s', (text, shown) => {
    expect(printable(text)).toBe(shown);
  });

  it('is always one line without control characters', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(printable(text)).toMatch(/^\P{Cc}*$/u);
      }),
    );
  });

  it('is unchanged after a round trip through JSON', () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: 'binary' }), (value) => {
        const json = printableJson(JSON.stringify(value));
        expect(json).toMatch(/^\P{Cc}*$/u);
        expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it('shows how much of it is left out', () => {
    expect(cutText('abcdef', 4)).toBe('abcd… (2 characters more)');
    expect(cutText('abcd', 4)).toBe('abcd');
  });
});
