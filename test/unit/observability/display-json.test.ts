import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { displayJson } from '../../../src/observability/display-json.ts';

const circular: Record<string, unknown> = {};
circular['self'] = circular;

describe('a value shown as JSON', () => {
  it.each([
    ['BigInt and odd numbers', [1n, NaN, -Infinity, -0], '["1","NaN","-Infinity",0]'],
    ['undefined and null in a list', [undefined, null], '[null,null]'],
    ['undefined', undefined, 'null'],
    ['functions and symbols', [() => 1, Symbol('s')], '["[function]","[Symbol(s)]"]'],
    ['dates', [new Date(0), new Date(NaN)], '["1970-01-01T00:00:00.000Z","Invalid Date"]'],
    ['sets', new Set([new Set([1n])]), '[["1"]]'],
    ['maps', new Map<unknown, unknown>([['a', new Map([[1, 2]])]]), '{"a":[[1,2]]}'],
    ['bytes', { a: Buffer.from('hi'), b: new Uint8Array([1]) }, '{"a":{"base64":"aGk="},"b":{"base64":"AQ=="}}'],
    ['errors', new TypeError('no'), '"TypeError: no"'],
    ['an object with toJSON', { toJSON: () => ({ a: 1n }) }, '{"a":"1"}'],
    ['a circle', circular, '"[cannot be shown: Converting circular structure to JSON]"'],
  ])('represents %s', (_, value, json) => {
    expect(displayJson(value)).toBe(json);
  });

  it('is replaced by the reason if it cannot be shown', () => {
    const hostile = {
      get broken(): never {
        throw new Error('no');
      },
    };
    expect(displayJson(hostile)).toBe('"[cannot be shown: no]"');
  });

  it('is JSON on one line for any value', () => {
    fc.assert(
      fc.property(
        fc.anything({ withBigInt: true, withDate: true, withMap: true, withSet: true, withTypedArray: true }),
        (value) => {
          const text = displayJson(value);
          expect(() => JSON.parse(text) as unknown).not.toThrow();
          expect(text).not.toContain('\n');
        },
      ),
    );
  });

  it('is plain JSON for plain data', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(displayJson(value)).toBe(JSON.stringify(value));
      }),
    );
  });
});
