import { runInThisContext } from 'node:vm';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type * as Codec from '../../../src/frame/codec.ts';
import { cutFrame, frameFromPayload, frameToPayload, type Frame } from '../../../src/frame/frame.ts';

type Tools = Pick<typeof Codec, 'FrameEncoder' | 'FrameDecoder'>;

const limits = { maxItemBytes: 16 * 1024 * 1024 };

/** `items` as they arrive: encoded into frames of `frameItems`, cut into pieces of `pieceItems`, sent, decoded. */
export function carried(
  { FrameEncoder, FrameDecoder }: Tools,
  items: readonly unknown[],
  { frameItems = 1000, pieceItems = 1000 } = {},
): unknown[] {
  const encoder = new FrameEncoder(limits);
  const decoder = new FrameDecoder();
  const arrived: unknown[] = [];
  for (let i = 0; i < items.length; i += frameItems) {
    for (const item of items.slice(i, i + frameItems)) encoder.add(item);
    const frame = encoder.take();
    for (let from = 0; from < frame.count; from += pieceItems) {
      const piece = sent(cutFrame(frame, from, Math.min(pieceItems, frame.count - from)));
      for (let index = 0; index < piece.count; index++) arrived.push(decoder.decode(piece, index));
    }
  }
  return arrived;
}

function sent(frame: Frame): Frame {
  const { header, parts } = frameToPayload(frame);
  return frameFromPayload(header, Buffer.concat(parts));
}

const bytes = Buffer.from([0, 1, 127, 128, 255]);

/** Everything that is promised to arrive as what it was. */
export const kept: [name: string, item: unknown][] = [
  ['null', null],
  ['true and false', [true, false]],
  ['a text', 'plain'],
  ['an empty text', ''],
  ['texts of every length', Array.from({ length: 200 }, (_, n) => 'x'.repeat(n))],
  ['texts beyond ASCII', ['ünï', '日本語、全角（）', '😀'.repeat(40), '\u0000\u001f\u007f', 'é'.normalize('NFD')]],
  ['a text of a megabyte', 'söme '.repeat(200_000)],
  [
    'a byte order mark at the beginning of a text',
    ['\ufeffa', `\ufeff${'x'.repeat(80)}`, `\ufeff${'x'.repeat(70_000)}`],
  ],
  ['a replacement character', ['\ufffd', `\ufffd${'x'.repeat(80)}`]],
  ['small and large integers', [0, 1, -1, 31, 32, 63, 64, 127, 128, 255, 256, 65_535, 65_536, -32, -33, -32_769]],
  [
    'integers at the edges of 32 and 53 bits',
    [2 ** 31, 2 ** 32, -(2 ** 31), Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER],
  ],
  ['fractions', [0.1, -1.5, 1e300, Number.MIN_VALUE, Number.MAX_VALUE]],
  ['what is no number, and infinities', [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]],
  ['big integers of 64 bits', [0n, 1n, -1n, 2n ** 63n - 1n, -(2n ** 63n), 2n ** 64n - 1n]],
  ['big integers of any size', [2n ** 64n, -(2n ** 64n), 2n ** 200n + 1n, -(2n ** 1000n), 10n ** 30_000n]],
  ['dates', [0, 1, -1, 999, 1e12, 1e12 + 0.5, 4_294_967_296_000, 8.64e15, -8.64e15].map((ms) => new Date(ms))],
  [
    'maps, with keys of any type',
    new Map<unknown, unknown>([
      ['a', 1],
      [2, new Map([[{ b: 1 }, null]])],
      [null, undefined],
    ]),
  ],
  ['sets', new Set([1, 'a', new Set([2n])])],
  ['bytes', [bytes, new Uint8Array(bytes), Buffer.alloc(0), Buffer.alloc(70_000, 7)]],
  ['an array buffer', new Uint8Array([1, 2]).buffer],
  ['regular expressions', [/a+b/giu, /\//]],
  ['undefined inside of an item', { a: undefined, b: [undefined] }],
  ['an array as an item', [1, [2, [3, []]]]],
  ['an object without fields', {}],
  ['an object within an object', { a: { b: { c: [{ d: null }] } } }],
  [
    'keys of any kind',
    { '': 1, ' ': 2, 'a-b': 3, '0': 4, ü: 5, constructor: 'x', hasOwnProperty: 1, toString: 2, length: 3 },
  ],
  ['an envelope of Node’s own', { cmd: 'NODE_HANDLE', type: 'net.Socket' }],
];

/** What must hold however msgpackr decodes. */
export function describeRoundTrips(tools: Tools): void {
  describe('an item', () => {
    it.each(kept)('arrives as what it was: %s', (_, item) => {
      expect(carried(tools, [item, { item }])).toStrictEqual([item, { item }]);
    });

    it('arrives as what it was when it is a date that is none', () => {
      const [date] = carried(tools, [new Date(Number.NaN)]);
      expect(date).toBeInstanceOf(Date);
      expect(Number.isNaN((date as Date).getTime())).toBe(true);
    });

    it.each([
      ['Float64Array', [1.5, Number.NaN]],
      ['Int16Array', [-1, 300]],
      ['BigInt64Array', [-1n]],
    ])('arrives as what it was when it is a typed array: %s', (name, numbers) => {
      // Of the realm that the encoder knows: a test has some globals of its own.
      const Kind = runInThisContext(name) as new (numbers: unknown[]) => Iterable<unknown>;
      const [array] = carried(tools, [new Kind(numbers)]) as [Iterable<unknown>];
      expect(array.constructor.name).toBe(name);
      expect([...array]).toEqual(numbers);
    });

    it('arrives as what it was, whatever it is made of, wherever its frame is cut', () => {
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
          expect(carried(tools, some, { frameItems, pieceItems })).toStrictEqual(some);
        }),
        { numRuns: 300 },
      );
    });

    it('stays data where its keys look like code: msgpackr compiles the shapes that it reads often', () => {
      const hostile = [
        '"]:(globalThis.ran=1),["',
        'a:(globalThis.ran=1),b',
        '`${globalThis.ran=1}`',
        '\\"];//',
        '\u2028',
        'get x',
      ];
      const items = Array.from({ length: 20 }, (_, i) => Object.fromEntries(hostile.map((key) => [key, i])));
      expect(carried(tools, items)).toStrictEqual(items);
      expect(globalThis).not.toHaveProperty('ran');
    });

    it('arrives as what it was among items of a hundred other shapes', () => {
      const items = Array.from({ length: 300 }, (_, i) => ({ id: i, [`field${i % 100}`]: `value ${i}`, tail: true }));
      expect(carried(tools, items, { frameItems: 64, pieceItems: 7 })).toStrictEqual(items);
    });

    it('arrives as what it was when it is a dictionary whose keys are never the same', () => {
      const items = Array.from({ length: 100 }, (_, i) =>
        Object.fromEntries(Array.from({ length: 50 }, (__, k) => [`key ${i * 50 + k}`, k])),
      );
      expect(carried(tools, items, { frameItems: 9, pieceItems: 2 })).toStrictEqual(items);
    });

    it('arrives as what it was whoever else’s frames are decoded in between', () => {
      const { FrameEncoder, FrameDecoder } = tools;
      const decoder = new FrameDecoder();
      // More encoders than the decoder keeps readers for; each has met the shapes in another order.
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

    it('arrives in a frame that was encoded before later shapes were known', () => {
      const { FrameEncoder, FrameDecoder } = tools;
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
}
