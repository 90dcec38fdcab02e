import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseExactJson } from '../../../src/core/exact-json.ts';

describe('JSON that keeps all digits', () => {
  it.each([
    ['9007199254740993', '9007199254740993', 9007199254740993n],
    ['{"id":-12345678901234567890}', { id: '-12345678901234567890' }, { id: -12345678901234567890n }],
    ['[ 12345678901234567890 ,1]', ['12345678901234567890', 1], [12345678901234567890n, 1]],
    [
      '{"a":{"b":[12345678901234567890]}}',
      { a: { b: ['12345678901234567890'] } },
      { a: { b: [12345678901234567890n] } },
    ],
  ])('reads %s as text or BigInt', (text, string, bigint) => {
    expect(parseExactJson(text, 'string')).toEqual(string);
    expect(parseExactJson(text, 'bigint')).toEqual(bigint);
  });

  it('does not change digits in texts, fractions and exponents', () => {
    const text =
      '{"12345678901234567890":"a\\" 12345678901234567890,","b":12345678901234567.5,"c":1234567890123456789e2}';
    expect(parseExactJson(text, 'bigint')).toEqual(JSON.parse(text));
  });

  it('also reads a text of many megabytes', () => {
    const long = 'x'.repeat(15 * 1024 * 1024);
    const item = parseExactJson(`["${long}",12345678901234567890]`, 'string') as string[];
    expect(item[0] === long).toBe(true);
    expect(item[1]).toBe('12345678901234567890');
  });

  it('keeps a property named __proto__ as a property', () => {
    const value = parseExactJson('{"__proto__":{"a":12345678901234567890}}', 'bigint') as object;
    expect(Object.keys(value)).toEqual(['__proto__']);
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
  });

  it('rounds like JSON.parse on request', () => {
    expect(parseExactJson('9007199254740993', 'number')).toBe(9007199254740992);
  });

  it('reads all JSON like JSON.parse, except long integers', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(parseExactJson(text, 'number')).toEqual(JSON.parse(text));
      }),
    );
  });

  it('finds a long integer at any depth', () => {
    const long = fc.bigInt({ min: 2n ** 53n, max: 10n ** 30n });
    fc.assert(
      fc.property(fc.string(), long, fc.boolean(), fc.string(), (before, integer, isNegative, after) => {
        const number = isNegative ? -integer : integer;
        const text = `{${JSON.stringify(before)}:1,"x y":[${number}],"z":${JSON.stringify(after)}}`;
        expect((parseExactJson(text, 'bigint') as { 'x y': unknown })['x y']).toEqual([number]);
      }),
    );
  });

  it('refuses everything that JSON.parse refuses, even where quotes would make it valid', () => {
    expect(() => parseExactJson('{12345678901234567890:1}', 'string')).toThrow(SyntaxError);
    expect(() => parseExactJson('[01234567890123456789]', 'string')).toThrow(SyntaxError);
  });
});
