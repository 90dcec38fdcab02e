import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  cutFrame,
  fitItems,
  frameBytes,
  frameFromPayload,
  frameToPayload,
  itemSpan,
  joinItems,
  type Frame,
} from '../../../src/frame/frame.ts';
import { thrownBy } from '../../support/thrown.ts';

const shapes = Buffer.from('[["a"]]');
const item = fc.uint8Array({ minLength: 1, maxLength: 40 }).map((bytes) => Buffer.from(bytes));
const items = fc.array(item, { minLength: 1, maxLength: 30 });

/** The items of a frame, one by one. */
function itemsOf(frame: Frame): Buffer[] {
  return Array.from({ length: frame.count }, (_, i) => {
    const { start, end } = itemSpan(frame, i);
    return frame.body.subarray(start, end);
  });
}

/** The frame as it arrives after it was sent: from its payload, at another place in memory. */
function sent(frame: Frame): Frame {
  const { header, parts } = frameToPayload(frame);
  return frameFromPayload(header, Buffer.concat(parts));
}

/** Two numbers in 0…1, as a piece of a frame of `count` items. */
function pieceOf(count: number, [a, b]: readonly [number, number]): { from: number; length: number } {
  const from = Math.floor(Math.min(a, b) * count);
  return { from, length: Math.max(Math.ceil(Math.max(a, b) * count) - from, 1) };
}

const place = fc.nat(999).map((n) => n / 1000);
const cut = fc.tuple(place, place);

describe('a frame', () => {
  it('holds the items that were joined, and reports the size that it has when it is sent', () => {
    fc.assert(
      fc.property(items, (joined) => {
        const frame = joinItems(shapes, joined);
        expect(itemsOf(frame)).toEqual(joined);
        expect(frameBytes(frame)).toBe(Buffer.concat(frameToPayload(frame).parts).length);
      }),
    );
  });

  it('can be cut anywhere and repeatedly, and its pieces can be sent, without changing the items', () => {
    fc.assert(
      fc.property(items, fc.array(cut, { maxLength: 4 }), (joined, cuts) => {
        let frame = joinItems(shapes, joined);
        let expected = joined;
        for (const places of cuts) {
          const { from, length } = pieceOf(frame.count, places);
          frame = sent(cutFrame(frame, from, length));
          expected = expected.slice(from, from + length);
          expect(itemsOf(frame)).toEqual(expected);
          expect(frame.shapes.equals(shapes)).toBe(true);
        }
      }),
    );
  });

  it('is not copied when it is cut', () => {
    const frame = joinItems(shapes, [Buffer.from('one'), Buffer.from('two'), Buffer.from('three')]);
    const piece = cutFrame(frame, 1, 1);
    expect(piece.body.buffer).toBe(frame.body.buffer);
    expect(piece.ends.buffer).toBe(frame.ends.buffer);
    expect(cutFrame(frame, 0, 3)).toBe(frame);
  });

  it.each([
    [-1, 1],
    [0, 0],
    [0, 4],
    [3, 1],
    [2, 2],
  ])('with three items has no piece that starts at %i and has %i items', (from, count) => {
    const frame = joinItems(shapes, [Buffer.from('one'), Buffer.from('two'), Buffer.from('three')]);
    expect(() => cutFrame(frame, from, count)).toThrow(RangeError);
  });

  it('returns as many items as fit into a number of bytes, and at least one', () => {
    fc.assert(
      fc.property(items, cut, fc.nat(600), (joined, places, bytes) => {
        const frame = joinItems(shapes, joined);
        const { from, length } = pieceOf(frame.count, places);
        const count = fitItems(frame, from, length, bytes);
        const size = (n: number): number => cutFrame(frame, from, n).body.length;
        expect(count).toBeGreaterThanOrEqual(1);
        expect(count).toBeLessThanOrEqual(length);
        expect(count === 1 || size(count) <= bytes).toBe(true);
        expect(count === length || size(count + 1) > bytes).toBe(true);
      }),
    );
  });
});

describe('a payload', () => {
  it('with any description and any bytes is either refused with a RangeError or a frame whose items lie within it', () => {
    const size = fc.oneof(
      fc.nat(300),
      fc.integer({ min: -5, max: 2 ** 33 }),
      fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, 1.5, Number.MAX_SAFE_INTEGER, 2 ** 62),
    );
    const header = fc.record({ count: size, shapes: size, base: size });
    fc.assert(
      fc.property(header, fc.uint8Array({ maxLength: 300 }), (description, bytes) => {
        const payload = Buffer.from(bytes);
        const error = thrownBy(() => frameFromPayload(description, payload));
        expect(error?.name ?? 'RangeError').toBe('RangeError');
        const frame = error ? joinItems(shapes, []) : frameFromPayload(description, payload);
        expect(Buffer.concat(itemsOf(frame)).length).toBe(frame.body.length);
      }),
      { numRuns: 2000 },
    );
  });

  it('is refused or stays within its body if a byte of its description or index is wrong', () => {
    const frame = joinItems(shapes, [Buffer.from('one'), Buffer.from('two'), Buffer.from('three')]);
    const { header, parts } = frameToPayload(frame);
    const change = fc.record({ at: fc.nat(frame.ends.length - 1), by: fc.integer({ min: 1, max: 255 }) });
    fc.assert(
      fc.property(change, ({ at, by }) => {
        const payload = Buffer.concat(parts);
        const index = frame.shapes.length + at;
        payload[index] = (payload[index]! + by) % 256;
        // An item may take a byte from its neighbor, but never a byte outside the body.
        const error = thrownBy(() => frameFromPayload(header, payload));
        expect(error?.name ?? 'RangeError').toBe('RangeError');
        const spans = error ? [] : itemsOf(frameFromPayload(header, payload));
        expect(Buffer.concat(spans).length).toBe(error ? 0 : frame.body.length);
      }),
    );
    expect(() => frameFromPayload({ ...header, base: 1 }, Buffer.concat(parts))).toThrow(RangeError);
    expect(() => frameFromPayload({ ...header, shapes: 6 }, Buffer.concat(parts))).toThrow(RangeError);
    expect(() => frameFromPayload({ ...header, count: 2 }, Buffer.concat(parts))).toThrow(RangeError);
  });

  it('is refused if one of its items has no bytes', () => {
    const frame = joinItems(shapes, [Buffer.from('one'), Buffer.alloc(0)]);
    expect(() => sent(frame)).toThrow('item 1 of a frame ends where it begins');
  });

  it('is refused if it has no items', () => {
    expect(() => frameFromPayload({ count: 0, shapes: 0, base: 0 }, Buffer.alloc(0))).toThrow(
      'a frame of 0 items does not fit into 0 bytes',
    );
  });
});
