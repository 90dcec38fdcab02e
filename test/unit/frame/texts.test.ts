import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { FrameDecoder, FrameEncoder } from '../../../src/frame/codec.ts';
import { itemReader, writeAlone } from '../../../src/frame/msgpack.ts';
import { thrownBy } from '../../support/thrown.ts';
import { carried } from './carried.ts';

const read = itemReader([]);

/** `bytes` as an item between others. */
function decoded(bytes: Uint8Array): unknown {
  const body = Buffer.concat([Buffer.alloc(200, 0xa1), bytes, Buffer.alloc(200, 'z')]);
  return read(body, { start: 200, end: 200 + bytes.length });
}

/** ASCII and other texts, with lengths around the points where decoding changes. */
const text = fc.tuple(
  fc.constantFrom('x', 'é', '日', '😀', '\ufeff', '\u007f', '\u0080'),
  fc.constantFrom(0, 1, 15, 16, 30, 31, 32, 62, 63, 64, 65, 66, 255, 256, 500, 510, 515, 70_000),
  fc.constantFrom('', 'a', 'ü'),
);

describe('texts', () => {
  it('arrive unchanged in any sequence of texts and other values', () => {
    const value = fc.oneof(
      { weight: 5, arbitrary: text.map(([unit, length, last]) => unit.repeat(length / unit.length) + last) },
      fc.double().filter((n) => !Object.is(n, -0)),
      fc.integer(),
      fc.bigInt(),
      fc.constantFrom(null, true, false, undefined),
      fc.date({ noInvalidDate: true }),
      fc.uint8Array({ maxLength: 40 }),
      fc.array(fc.constantFrom('in a list', 'größer', 7), { maxLength: 20 }),
      fc
        .dictionary(fc.constantFrom('a', 'bé', 'long key of a map'), fc.constantFrom('in a record', 'ß', 7))
        .map((entries) => new Map(Object.entries(entries))),
      fc.constantFrom({ of: 'another shape' }, { of: 'ÿ', too: 'and behind it' }),
    );
    const item = fc.record(
      { a: value, b: value, c: value, d: value, e: value, list: fc.array(value) },
      { noNullPrototype: true },
    );
    fc.assert(
      fc.property(fc.array(item, { minLength: 1, maxLength: 6 }), (items) => {
        expect(carried(items)).toStrictEqual(items);
      }),
      { numRuns: 500 },
    );
  });

  it('are not decoded if their item is cut off at any point', () => {
    const item = { id: 1, a: 'short', b: 'é', c: 'x'.repeat(40), d: 0.5, e: 'y'.repeat(300), f: 'z'.repeat(70_000) };
    const bytes = writeAlone(item);
    expect(decoded(bytes)).toEqual(item);
    for (let length = 1; length < bytes.length; length += length < 500 ? 1 : 997) {
      expect(thrownBy(() => decoded(bytes.subarray(0, length)))).toBeInstanceOf(Error);
    }
  });

  it('do not damage the texts after them if they are damaged themselves', () => {
    const bytes = writeAlone(['é', 'x', 'behind it']);
    // The text ends with the first byte of a four-byte character.
    bytes.set([0xa1, 0xf0], bytes.indexOf(0xa2));
    expect(decoded(Buffer.concat([bytes.subarray(0, 3), bytes.subarray(4)]))).toEqual(['\ufffd', 'x', 'behind it']);
  });

  it('keep little else of their item in memory while they are in use', () => {
    const count = 20_000;
    const encoder = new FrameEncoder({ maxItemBytes: 1e9 });
    const idOf = (i: number): string => String(i).padStart(36, '0');
    for (let i = 0; i < count; i++) encoder.add(Array.from({ length: 13 }, () => idOf(i)));
    const frame = encoder.take();
    const decoder = new FrameDecoder();
    const before = usedBytes();
    const kept = Array.from({ length: count }, (_, index) => (decoder.decode(frame, index) as string[])[0]);
    // The text takes 56 bytes, its slot in the list 8, and the string from which it is cut 128.
    expect((usedBytes() - before) / count).toBeLessThan(250);
    expect(kept).toEqual(Array.from({ length: count }, (_, i) => idOf(i)));
  });
});

/** The bytes of the JavaScript heap that are in use. */
function usedBytes(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().heapUsed;
}
