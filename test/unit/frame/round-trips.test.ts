import { runInThisContext } from 'node:vm';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { FrameDecoder, FrameEncoder } from '../../../src/frame/codec.ts';
import { carried, kept, limits, sent } from './carried.ts';

describe('an item', () => {
  it.each(kept)('arrives unchanged: %s', (_, item) => {
    expect(carried([item, { item }])).toStrictEqual([item, { item }]);
  });

  it('arrives unchanged if it is an invalid date', () => {
    const [date] = carried([new Date(Number.NaN)]);
    expect(date).toBeInstanceOf(Date);
    expect(Number.isNaN((date as Date).getTime())).toBe(true);
  });

  it.each([
    ['Float64Array', [1.5, Number.NaN]],
    ['Int16Array', [-1, 300]],
    ['BigInt64Array', [-1n]],
  ])('arrives unchanged if it is a typed array: %s', (name, numbers) => {
    // Uses the realm that the encoder knows, because jest gives a test some globals of its own.
    const Kind = runInThisContext(name) as new (numbers: unknown[]) => Iterable<unknown>;
    const [array] = carried([new Kind(numbers)]) as [Iterable<unknown>];
    expect(array.constructor.name).toBe(name);
    expect([...array]).toEqual(numbers);
  });

  it('arrives unchanged with any content and wherever its frame is cut', () => {
    const key = fc.string({ unit: 'grapheme' }).filter((name) => name !== '__proto__' && name !== '__keys__');
    const { value } = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { depthSize: 'small' },
        fc.string({ unit: 'grapheme' }),
        fc.double().map((n) => (n === 0 ? 0 : n)),
        fc.maxSafeInteger(),
        fc.bigInt(),
        fc.boolean(),
        fc.constantFrom(null, undefined),
        fc.date({ noInvalidDate: true }),
        fc.uint8Array(),
        fc.array(tie('value'), { maxLength: 4 }),
        fc.dictionary(key, tie('value'), { maxKeys: 5, noNullPrototype: true }),
        fc.array(fc.tuple(tie('value'), tie('value')), { maxLength: 3 }).map((entries) => new Map(entries)),
        fc.array(tie('value'), { maxLength: 3 }).map((values) => new Set(values)),
      ),
    }));
    const items = fc.array(
      value.filter((item) => item !== undefined),
      { minLength: 1, maxLength: 40 },
    );
    const size = fc.integer({ min: 1, max: 12 });
    fc.assert(
      fc.property(items, size, size, (some, frameItems, pieceItems) => {
        expect(carried(some, { frameItems, pieceItems })).toStrictEqual(some);
      }),
      { numRuns: 300 },
    );
  });

  it('remains data even if its keys look like code, although msgpackr compiles shapes that it reads often', () => {
    const hostile = [
      '"]:(globalThis.ran=1),["',
      'a:(globalThis.ran=1),b',
      '`${globalThis.ran=1}`',
      '\\"];//',
      '\u2028',
      'get x',
    ];
    const items = Array.from({ length: 20 }, (_, i) => Object.fromEntries(hostile.map((key) => [key, i])));
    expect(carried(items)).toStrictEqual(items);
    expect(globalThis).not.toHaveProperty('ran');
  });

  it('arrives unchanged among items of a hundred other shapes', () => {
    const items = Array.from({ length: 300 }, (_, i) => ({ id: i, [`field${i % 100}`]: `value ${i}`, tail: true }));
    expect(carried(items, { frameItems: 64, pieceItems: 7 })).toStrictEqual(items);
  });

  it('arrives unchanged if it is a dictionary with keys that never repeat', () => {
    const items = Array.from({ length: 100 }, (_, i) =>
      Object.fromEntries(Array.from({ length: 50 }, (__, k) => [`key ${i * 50 + k}`, k])),
    );
    expect(carried(items, { frameItems: 9, pieceItems: 2 })).toStrictEqual(items);
  });

  it('arrives unchanged even if frames of other encoders are decoded in between', () => {
    const decoder = new FrameDecoder();
    // There are more encoders than the decoder keeps readers for, and each has seen the shapes in a different order.
    const items = Array.from({ length: 20 }, (_, i) => ({ [`first${i}`]: i, nested: { [`second${i}`]: [i] } }));
    const frames = items.map((_, shift) => {
      const encoder = new FrameEncoder(limits);
      for (let i = 0; i < items.length; i++) encoder.add(items[(i + shift) % items.length]);
      return sent(encoder.take());
    });
    for (let index = 0; index < items.length; index++) {
      const decoded = frames.map((frame) => decoder.decode(frame, index));
      expect(decoded).toStrictEqual(items.map((_, shift) => items[(index + shift) % items.length]));
    }
  });

  it('arrives unchanged in a frame that was encoded before later shapes were known', () => {
    const encoder = new FrameEncoder(limits);
    const frames = Array.from({ length: 40 }, (_, i) => {
      encoder.add({ [`only${i}`]: i });
      return sent(encoder.take());
    });
    const decoder = new FrameDecoder();
    const backwards = frames.map((frame) => decoder.decode(frame, 0)).toReversed();
    expect(frames.toReversed().map((frame) => decoder.decode(frame, 0))).toStrictEqual(backwards);
    expect(backwards[0]).toStrictEqual({ only39: 39 });
  });
});
