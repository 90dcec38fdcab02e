import { FrameDecoder, FrameEncoder } from '../../../src/frame/codec.ts';
import { cutFrame, frameFromPayload, frameToPayload, type Frame } from '../../../src/frame/frame.ts';

export const limits = { maxItemBytes: 16 * 1024 * 1024 };

/** `items` as they arrive: encoded into frames of `frameItems`, cut into pieces of `pieceItems`, sent and decoded. */
export function carried(items: readonly unknown[], { frameItems = 1000, pieceItems = 1000 } = {}): unknown[] {
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

/** A frame, or a piece of a frame, as a channel delivers it. */
export function sent(frame: Frame): Frame {
  const { header, parts } = frameToPayload(frame);
  return frameFromPayload(header, Buffer.concat(parts));
}

const bytes = Buffer.from([0, 1, 127, 128, 255]);

/** All kinds of values that must arrive unchanged. */
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
  ['NaN and infinities', [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]],
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
