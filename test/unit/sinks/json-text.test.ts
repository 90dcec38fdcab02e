import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { jsonText } from '../../../src/sinks/json-text.ts';

const shared = [1];
const text = (value: unknown): string => jsonText(value, { bigint: 'text' });

describe('JSON text', () => {
  it('equals the output of JSON.stringify for every value that JSON can hold', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(text(value)).toBe(JSON.stringify(value));
      }),
    );
  });

  it.each<[string, unknown, string]>([
    ['dates', { at: new Date(0) }, '{"at":"1970-01-01T00:00:00.000Z"}'],
    ['sets', [new Set([1, new Set([2])])], '[[1,[2]]]'],
    ['maps', new Map([['a', new Map([['b', 1]])]]), '{"a":{"b":1}}'],
    ['BigInts', { n: 2n ** 70n }, '{"n":"1180591620717411303424"}'],
    ['an object with a toJSON method', { url: new URL('https://a.example/') }, '{"url":"https://a.example/"}'],
    ['undefined', { a: undefined, b: [1, undefined] }, '{"b":[1,null]}'],
    ['a key called __proto__', JSON.parse('{"__proto__":{"a":1}}'), '{"__proto__":{"a":1}}'],
    ['a __proto__ key in a converted map', new Map([['__proto__', new Set([1])]]), '{"__proto__":[1]}'],
    ['lone surrogates', '\uD800', String.raw`"\ud800"`],
    ['objects without a prototype', Object.assign(Object.create(null) as object, { a: 1 }), '{"a":1}'],
    ['a value that occurs twice', [shared, shared], '[[1],[1]]'],
  ])('keeps %s', (_what, value, expected) => {
    expect(text(value)).toBe(expected);
  });

  it.each<[string, unknown, string]>([
    ['NaN', { a: [{ b: Number.NaN }] }, 'expected a finite number, got NaN at $.a[0].b'],
    ['an invalid date', [new Date(Number.NaN)], 'expected a valid date, got an instance of Date at $[0]'],
    ['a function', { f: () => 1 }, 'expected data, got a function at $.f'],
    ['a symbol', [Symbol('x')], 'expected data, got a symbol at $[0]'],
    ['bytes', { b: new Uint8Array(1) }, 'expected no bytes inside JSON, got an instance of Uint8Array at $.b'],
    ['a Buffer, despite its toJSON', { b: Buffer.alloc(1) }, 'got an instance of Buffer at $.b'],
    ['an array buffer', [new ArrayBuffer(1)], 'got an instance of ArrayBuffer at $[0]'],
    ['an error', new Error('x'), 'expected plain data, got an instance of Error at $'],
    ['a regular expression', /x/, 'expected plain data, got an instance of RegExp at $'],
    [
      'an instance of an anonymous class',
      new (class {
        a = 1;
      })(),
      'expected plain data, got an instance of an anonymous class at $',
    ],
    ['a map with other keys', new Map([[1, 2]]), 'expected a Map with text keys, got a number at $'],
    ['a toJSON that returns one of these', { toJSON: () => Number.NaN }, 'got NaN at $.toJSON()'],
    ['undefined alone', undefined, 'expected a value that JSON can hold, got undefined'],
    ['a circular value', circular(), 'circular'],
  ])('refuses %s', (_what, value, message) => {
    expect(() => text(value)).toThrow(TypeError);
    expect(() => text(value)).toThrow(message);
  });

  it('refuses BigInts where they may not become text', () => {
    expect(() => jsonText([1n], { bigint: 'refuse' })).toThrow('expected a number or text, got a BigInt at $[0]');
  });

  it('does not change the value that it is given', () => {
    const value = { set: new Set([1]), list: [new Date(0)] };
    text(value);
    expect(value).toEqual({ set: new Set([1]), list: [new Date(0)] });
  });
});

function circular(): unknown {
  const value: unknown[] = [];
  value.push(value);
  return value;
}
