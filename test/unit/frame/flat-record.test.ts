import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Packr } from 'msgpackr';
import { misfit, notFlat, writeFlatRecord } from '../../../src/frame/flat-record.ts';

const keys = ['id', 'name', 'note'];

/** `item` as msgpackr writes it when it knows the shape. */
function byMsgpackr(item: object): Buffer {
  const packr = new Packr({ moreTypes: true, structures: [] });
  packr.pack(item);
  return packr.pack(item);
}

/** `item` as our code writes it, as a record with `keys`, into a buffer of `size` bytes. */
function written(item: object, { size = 100_000, expected = keys } = {}): Buffer | number {
  const into = Buffer.alloc(size);
  const end = writeFlatRecord(item, { keys: expected, shape: 0, into, start: 1 });
  return end < 0 ? end : into.subarray(1, end);
}

/** Texts with lengths, in characters or bytes, at which the head or the way of writing changes. */
const edges = [0, 1, 31, 32, 63, 64, 255, 256, 65_535, 65_536].flatMap((length) => [
  'x'.repeat(length),
  `${'x'.repeat(Math.max(length - 2, 0))}é`,
  'é'.repeat(length >> 1),
  `\ufeff${'日'.repeat(length / 3)}😀`,
]);

const numbers = [0, -0, 0.1, -0.5, Number.NaN, Infinity, -Infinity, 5e-324, 2 ** 53 - 1, -(2 ** 53) + 1].concat(
  [6, 7, 8, 15, 16, 31, 32, 33].flatMap((bits) => [2 ** bits - 1, 2 ** bits, -(2 ** bits), -(2 ** bits) - 1]),
);

class Row {
  id = 1;
  name = '';
  note = '';
}

describe('a flat record', () => {
  it.each(edges.map((text) => [text.length, text.slice(-4), text]))(
    'with a text of %d characters, …%s, is written as msgpackr would write it',
    (_, __, text) => {
      const item = { id: 1, name: text, note: 'end' };
      expect(written(item, { size: 300_000 })).toEqual(byMsgpackr(item));
    },
  );

  it.each(numbers)('with the number %d is written as msgpackr would write it', (id) => {
    const item = { id, name: -1, note: 'end' };
    expect(written(item)).toEqual(byMsgpackr(item));
  });

  it('is written as msgpackr would write it, whatever plain values it contains', () => {
    const value = fc.oneof(
      fc.string({ unit: 'grapheme', size: 'medium' }),
      fc.string({ unit: 'grapheme-ascii', size: 'medium' }),
      fc.double(),
      fc.maxSafeInteger(),
      fc.integer(),
      fc.constantFrom(null, undefined, true, false),
    );
    const key = fc
      .string({ unit: 'grapheme' })
      .filter((name) => !['__proto__', '__keys__', 'constructor'].includes(name));
    fc.assert(
      fc.property(fc.dictionary(key, value, { minKeys: 1, maxKeys: 30, noNullPrototype: true }), (item) => {
        expect(written(item, { expected: Object.keys(item) })).toEqual(byMsgpackr(item));
      }),
      { numRuns: 500 },
    );
  });

  it.each<[name: string, item: object]>([
    ['a list', { id: 1, name: [], note: '' }],
    ['a nested record', { id: 1, name: {}, note: '' }],
    ['a big integer', { id: 1n, name: '', note: '' }],
    ['a date', { id: new Date(0), name: '', note: '' }],
    ['a function', { id: 1, name: () => 1, note: '' }],
    ['half of a surrogate pair', { id: 1, name: '\ud800', note: '' }],
    ['half of a surrogate pair after many characters', { id: 1, name: `${'x'.repeat(100)}\udc00`, note: '' }],
  ])('is left to msgpackr if it contains %s', (_, item) => {
    expect(written(item)).toBe(notFlat);
  });

  it.each<[name: string, item: object]>([
    ['a class of its own', new Row()],
    ['no prototype', Object.assign(Object.create(null) as object, { id: 1, name: '', note: '' })],
  ])('is left to msgpackr if it has %s', (_, item) => {
    expect(written(item)).toBe(notFlat);
  });

  it.each<[name: string, item: object]>([
    ['no keys', {}],
    ['fewer keys', { id: 1, name: '' }],
    ['more keys', { id: 1, name: '', note: '', more: 1 }],
    ['a different key', { id: 1, name: '', text: '' }],
    ['the same keys in another order', { id: 1, note: '', name: '' }],
  ])('is left to msgpackr if it does not have the expected keys but %s', (_, item) => {
    expect(written(item)).toBe(misfit);
  });

  it('is left to msgpackr if it might not fit, and is never written past the end of the buffer', () => {
    const item = { id: 1e300, name: 'é'.repeat(40), note: 'n'.repeat(20) };
    const { length } = byMsgpackr(item);
    const found = new Set<unknown>();
    for (let size = 1; size < 3 * length; size++) {
      const bytes = written(item, { size });
      found.add(typeof bytes === 'number' ? bytes : bytes.equals(byMsgpackr(item)));
    }
    expect(found).toEqual(new Set([misfit, true]));
    expect(written({}, { expected: [], size: 1 })).toBe(misfit);
  });
});
