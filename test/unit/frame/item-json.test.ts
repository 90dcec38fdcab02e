import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { FrameDecoder, FrameEncoder } from '../../../src/frame/codec.ts';
import { itemFromJson, itemToJson } from '../../../src/frame/item-json.ts';

/** The item as a consumer would see it. */
function carried(item: unknown): unknown {
  const encoder = new FrameEncoder({ maxItemBytes: Infinity });
  encoder.add(item);
  return new FrameDecoder().decode(encoder.take(), 0);
}

function throughText(item: unknown): unknown {
  return itemFromJson(JSON.parse(JSON.stringify(itemToJson(item))));
}

describe('an item as JSON', () => {
  it.each<[unknown, unknown]>([
    [
      { id: 1, tags: ['a', null, true] },
      { id: 1, tags: ['a', null, true] },
    ],
    [new Date(0), { $date: '1970-01-01T00:00:00.000Z' }],
    [12345678901234567890n, { $bigint: '12345678901234567890' }],
    [Buffer.from('hi'), { $bytes: 'aGk=' }],
    [new Map<unknown, unknown>([[1, new Set([2n])]]), { $map: [[1, { $set: [{ $bigint: '2' }] }]] }],
    [
      [Number.NaN, -Infinity, 0],
      [{ $number: 'NaN' }, { $number: '-Infinity' }, 0],
    ],
    [{ a: undefined }, { a: { $undefined: true } }],
    [{ $date: 'today' }, { $object: { $date: 'today' } }],
    [{ $object: { $set: 1 } }, { $object: { $object: { $object: { $set: 1 } } } }],
    [
      { $date: 1, more: 2 },
      { $date: 1, more: 2 },
    ],
    [{}, {}],
  ])('of %p is %j, and is read back as the same item', (item, json) => {
    expect(itemToJson(item)).toEqual(json);
    expect(throughText(item)).toEqual(item);
  });

  it('of an invalid date is read back as an invalid date', () => {
    expect(itemToJson(new Date(Number.NaN))).toEqual({ $date: null });
    expect((throughText(new Date(Number.NaN)) as Date).getTime()).toBeNaN();
  });

  it('is read back as the same item, for everything that can be carried', () => {
    const key = fc.oneof(fc.constantFrom('$date', '$set', '$object', '$x', 'a'), fc.string({ unit: 'grapheme' }));
    const { item } = fc.letrec((tie) => ({
      item: fc.oneof(
        { maxDepth: 4 },
        fc.constantFrom<unknown>(null, true, Number.NaN, Infinity),
        fc.double(),
        fc.bigInt({ min: -(2n ** 80n), max: 2n ** 80n }),
        fc.string({ unit: 'grapheme' }),
        fc.date({ noInvalidDate: true }),
        fc.uint8Array().map((bytes) => Buffer.from(bytes)),
        fc.array(tie('item'), { maxLength: 4 }),
        fc.array(tie('item'), { maxLength: 4 }).map((list) => new Set(list)),
        fc.array(fc.tuple(tie('item'), tie('item')), { maxLength: 4 }).map((pairs) => new Map(pairs)),
        fc.dictionary(
          key.filter((name) => !['__proto__', '__keys__'].includes(name)),
          tie('item'),
          { maxKeys: 4 },
        ),
      ),
    }));
    fc.assert(
      fc.property(item, (any) => {
        const seen = carried(any);
        expect(throughText(seen)).toEqual(seen);
      }),
    );
  });

  it.each<[unknown, string]>([
    [{ a: [{ $date: 'today' }] }, '$.a[0].$date: expected a date such as'],
    [{ $bigint: 5 }, '$.$bigint: expected digits as text, got 5'],
    [{ $bytes: 'a' }, '$.$bytes: expected base64'],
    [{ $map: [[1]] }, '$.$map[0]: expected a pair'],
    [{ $set: 5 }, '$.$set: expected a list'],
    [{ $number: '5' }, '$.$number: expected "NaN"'],
    [{ $typed: ['Array', ''] }, '$.$typed[0]: expected one of Int8Array'],
    [{ $typed: ['Int16Array', 'aa=='] }, '$.$typed[1]: expected the bytes of a Int16Array'],
    [{ $regexp: ['(', ''] }, '$.$regexp: Invalid regular expression'],
    [{ $error: ['E'] }, '$.$error: expected two texts'],
    [{ $object: [] }, '$.$object: expected an object'],
    [{ $regex: 'x' }, '$: expected one of $date, $bigint'],
    [{ $constructor: 1 }, '$: expected one of $date'],
    [JSON.parse('{"a": {"__proto__": {"x": 1}}}'), '$.a: expected no key "__proto__"'],
  ])('is rejected if it is invalid, with the place and the expected value: %j', (json, message) => {
    expect(() => itemFromJson(json)).toThrow(message);
  });
});
