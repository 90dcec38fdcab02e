import { execFileSync } from 'node:child_process';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { FrameDecoder, FrameEncoder, itemDigest } from '../../../src/frame/codec.ts';
import { ItemError } from '../../../src/frame/item-error.ts';
import { joinItems } from '../../../src/frame/frame.ts';
import { thrownBy } from '../../support/thrown.ts';
import { carried, kept } from './carried.ts';

const limits = { maxItemBytes: 1_000_000 };

/** Why an encoder refuses `item`. It must refuse it both as the first item and after an item with the same keys. */
function refusal(item: unknown): string {
  const encoder = new FrameEncoder(limits);
  const error = thrownBy(() => encoder.add(item));
  expect(error).toBeInstanceOf(ItemError);
  expect(encoder.count).toBe(0);
  for (const first of alike(item)) {
    encoder.add(first);
    expect(thrownBy(() => encoder.add(item))).toEqual(error);
  }
  return String(error?.message);
}

/** Two flat records with the keys of `item`, if possible. The second has the shape that the encoder expects. */
function alike(item: unknown): object[] {
  let keys: string[] = [];
  try {
    keys = Object.keys(item as object);
  } catch {
    // A proxy may throw when it is asked for its keys, and undefined has none.
  }
  const isFine = !keys.some((key) => ['__proto__', '__keys__'].includes(key));
  return isFine ? [1, 2].map((n) => Object.fromEntries(keys.map((key) => [key, n]))) : [];
}

function nested(depth: number): object {
  let value: object = {};
  for (let i = 0; i < depth; i++) value = { a: value };
  return value;
}

describe('an item that cannot be carried', () => {
  const circular: Record<string, unknown> = { list: [] };
  (circular['list'] as unknown[]).push({ back: circular });
  const circularMap = new Map<string, unknown>();
  circularMap.set('self', circularMap);
  const throwing = {
    get now() {
      throw new Error('no clock');
    },
  };
  class Hidden extends Map {}

  it.each<[name: string, item: unknown, message: string]>([
    ['undefined', undefined, 'the item is undefined; an item is a value'],
    ['a function', () => 1, '$ is a function'],
    ['a function in a field', { a: { b: [1, { 'c-d': () => 1 }] } }, '$.a.b[1]["c-d"] is a function'],
    ['a symbol', { a: Symbol('s') }, '$.a is a symbol'],
    ['a circular reference', circular, '$.list[0].back refers back to an object that contains it'],
    ['a circular reference through a map', { m: circularMap }, '$.m.get("self") refers back'],
    ['a getter that throws', { a: throwing }, 'reading $.a.now throws: Error: no clock'],
    ['nesting deeper than the stack allows', nested(20_000), 'it is nested too deeply at $.a.a.a'],
    ['a promise', { a: Promise.resolve(1) }, '$.a is a Promise, which has no fields to carry'],
    ['a weak map', [new WeakMap()], '$[0] is a WeakMap'],
    ['a weak set', new WeakSet(), '$ is a WeakSet'],
    ['a generator', { rows: (function* () {})() }, '$.rows is a Generator'],
    ['a boxed number', { n: Object(1) as unknown }, '$.n is a Number'],
    ['search parameters', new URLSearchParams('a=1'), '$ is a URLSearchParams'],
    ['a map of a subclass', { m: new Hidden().set(1, 2) }, '$.m is a Map'],
    ['half of an emoji', { a: ['fine', '😀'.slice(0, 1)] }, '$.a[1] contains half a surrogate pair'],
    ['half of an emoji in a long text', `${'x'.repeat(100)}\udc00`, '$ contains half a surrogate pair'],
    ['half of an emoji in a map', new Map([['k', '\ud800']]), '$.get("k") contains half a surrogate pair'],
    ['half of an emoji in a set', { s: new Set(['\ud800']) }, '$.s.values() contains half a surrogate pair'],
    ['a key that would arrive as another key', JSON.parse('{"a":{"__proto__":1}}'), '$.a has a key __proto__'],
    ['a key that the encoder reserves', { __keys__: 1 }, '$ has a key __keys__'],
    ['a proxy that throws', new Proxy({}, { ownKeys: () => { throw new Error('mine'); } }), 'mine'], // prettier-ignore
  ])('is refused with its place and its reason: %s', (_, item, message) => {
    expect(refusal(item)).toContain(message);
  });

  it('is refused if it only looks like an instance of a class, even after items with the same keys', () => {
    const encoder = new FrameEncoder(limits);
    for (let i = 0; i < 3; i++) encoder.add({ constructor: 'x', toJSON: '' });
    expect(thrownBy(() => encoder.add({ constructor: 'x', toJSON: 'y' }))).toBeInstanceOf(ItemError);
  });

  it('does not damage the items after it', () => {
    const encoder = new FrameEncoder(limits);
    const good = [{ a: 1 }, { a: { b: 2 } }, { a: [1, 'x'] }];
    for (const item of good) {
      for (const [, bad] of [['__keys__'], ['function']].map(([kind]) => [kind, { a: 1, [kind!]: () => 1 }])) {
        expect(() => encoder.add(bad)).toThrow(ItemError);
      }
      encoder.add(item);
    }
    const frame = encoder.take();
    const decoder = new FrameDecoder();
    expect(good.map((_, index) => decoder.decode(frame, index))).toStrictEqual(good);
  });

  it('is refused if it is too large, and the message says what to do', () => {
    const expected = /it takes 10\d+ bytes, more than maxItemBytes \(1000000\); send a reference .* --max-item-bytes/;
    expect(refusal({ a: 'x'.repeat(limits.maxItemBytes) })).toMatch(expected);
    expect(refusal(new Map([['k'.repeat(5000), new Set(['x'.repeat(limits.maxItemBytes)])]]))).toMatch(expected);
  });

  it('is refused before it fills the memory if it refers to itself and is large', () => {
    const item: Record<string, unknown> = { bytes: Buffer.alloc(50_000_000) };
    item['self'] = item;
    expect(refusal(item)).toContain('$.self refers back');
  });

  it('is never silently changed into something else', () => {
    fc.assert(
      fc.property(
        fc.anything({ withBigInt: true, withDate: true, withMap: true, withSet: true, withTypedArray: true }),
        (item) => {
          const refused = thrownBy(() => new FrameEncoder(limits).add(item));
          expect(refused ?? new ItemError()).toBeInstanceOf(ItemError);
          if (refused) return;
          // Compared as JSON, because -0 becomes 0 and a sparse array loses its holes.
          const [arrived] = carried([item]);
          expect(JSON.stringify([arrived], bigIntsAsText)).toBe(JSON.stringify([item], bigIntsAsText));
        },
      ),
      { numRuns: 500 },
    );
  });
});

function bigIntsAsText(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? `${value}n` : value;
}

describe('an item in a frame', () => {
  it('loses its class: an instance arrives as a plain object, or as the result of its toJSON', () => {
    class Point {
      x = 1;
    }
    const items = [new Point(), { url: new URL('https://vendor.example/a') }];
    expect(carried(items)).toStrictEqual([{ x: 1 }, { url: 'https://vendor.example/a' }]);
  });

  it('loses the sign of zero, as in JSON', () => {
    expect(carried([{ n: -0 }])).toStrictEqual([{ n: 0 }]);
  });
});

describe('the shapes of a frame', () => {
  it('stay small even if every item has hundreds of its own keys', () => {
    const encoder = new FrameEncoder(limits);
    for (let i = 0; i < 50; i++) {
      encoder.add({
        id: i,
        words: Object.fromEntries(Array.from({ length: 300 }, (_, k) => [`word ${i * 300 + k}`, k])),
      });
    }
    expect(encoder.take().shapes.length).toBeLessThan(10_000);
  });

  it('are written once for all items of a frame', () => {
    const encoder = new FrameEncoder(limits);
    for (let i = 0; i < 100; i++) encoder.add({ aLongNameOfAField: i });
    const frame = encoder.take();
    expect(frame.shapes.toString()).toBe('[["aLongNameOfAField"]]');
    expect(frame.body.includes('aLongNameOfAField')).toBe(false);
  });
});

describe('an encoder', () => {
  it('counts the items that it has collected, and restarts at zero when they are taken', () => {
    const encoder = new FrameEncoder(limits);
    expect(() => encoder.take()).toThrow(RangeError);
    encoder.add('abc');
    encoder.add(1);
    expect([encoder.count, encoder.bytes]).toEqual([2, 5]);
    expect(encoder.take()).toMatchObject({ count: 2, base: 0 });
    expect([encoder.count, encoder.bytes]).toEqual([0, 0]);
  });

  it('keeps its items of any size, even if it refuses others in between and other encoders are working', () => {
    const small = { maxItemBytes: 30_000 };
    const size = fc.oneof(fc.nat(200), fc.nat(small.maxItemBytes * 2));
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), size), { maxLength: 100 }), (steps) => {
        const writers = [true, false].map((isFirst) => ({
          isFirst,
          encoder: new FrameEncoder(small),
          taken: [] as unknown[],
        }));
        for (const [toFirst, length] of steps) {
          const { encoder, taken } = writers.find(({ isFirst }) => isFirst === toFirst)!;
          const item = { length, text: 'x'.repeat(length) };
          const refused = thrownBy(() => encoder.add(item));
          // The keys are in the shapes. The number and the two heads take a few bytes.
          const [least, most] = refused ? [small.maxItemBytes - 20, Infinity] : [0, small.maxItemBytes];
          expect(length).toBeGreaterThan(least - 1);
          expect(length).toBeLessThan(most);
          if (!refused) taken.push(item);
          itemDigest(item);
        }
        for (const { encoder, taken } of writers.filter((writer) => writer.encoder.count > 0)) {
          const frame = encoder.take();
          itemDigest({ after: 'the frame was taken' });
          encoder.add('next');
          const decoder = new FrameDecoder();
          expect(taken.map((_, index) => decoder.decode(frame, index))).toEqual(taken);
        }
      }),
    );
  });

  it('reads an item completely when the item is added, so later changes to the object are not sent', () => {
    const encoder = new FrameEncoder(limits);
    const item = { a: 1 };
    encoder.add(item);
    item.a = 2;
    expect(new FrameDecoder().decode(encoder.take(), 0)).toEqual({ a: 1 });
  });
});

describe('a decoder', () => {
  it('throws an error for bytes that no encoder has written, and can decode the next frame', () => {
    const encoder = new FrameEncoder(limits);
    const decoder = new FrameDecoder();
    const good = { a: 1, b: ['x', new Date(5)] };
    encoder.add(good);
    const { shapes, body } = encoder.take();
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 60 }), (bytes) => {
        const frame = joinItems(shapes, [Buffer.from(bytes), body]);
        expect(thrownBy(() => decoder.decode(frame, 0)) ?? new Error('none')).toHaveProperty('message');
        expect(decoder.decode(frame, 1)).toEqual(good);
      }),
      { numRuns: 1000 },
    );
  });

  it.each(['7', '[1]', '[["a"],[2]]', '{"a":[]}', 'null'])('refuses %s as shapes', (text) => {
    const shapes = Buffer.from(text);
    const frame = joinItems(shapes, [Buffer.from([0x40])]);
    expect(() => new FrameDecoder().decode(frame, 0)).toThrow(`a frame's shapes are not lists of keys: ${text}`);
  });

  it('returns bytes that do not change when the frame’s memory is reused', () => {
    const encoder = new FrameEncoder(limits);
    encoder.add({ bytes: Buffer.from('abc'), more: new Uint8Array([1]) });
    const frame = encoder.take();
    const item = new FrameDecoder().decode(frame, 0);
    frame.body.fill(0);
    expect(item).toEqual({ bytes: Buffer.from('abc'), more: new Uint8Array([1]) });
  });
});

describe('the digest of an item', () => {
  it('does not depend on earlier digests', () => {
    const item = { id: 1, name: 'a', nested: { list: [1, { deep: true }] } };
    const alone = itemDigest(item);
    for (const [, other] of kept) itemDigest({ other, again: other });
    for (let i = 0; i < 200; i++) itemDigest({ [`key${i}`]: { [`inner${i}`]: i } });
    expect(itemDigest({ ...item })).toBe(alone);
    expect(alone).toMatch(/^[0-9a-f]{16}$/);
  });

  it('differs for different items', () => {
    const items = [
      { a: 1 },
      { a: 2 },
      { a: '1' },
      { a: 1n },
      { b: 1 },
      [1],
      1,
      '1',
      { a: [1] },
      { a: new Date(1) },
      null,
    ];
    expect(new Set(items.map((item) => itemDigest(item))).size).toBe(items.length);
  });

  it('is the same in another process', () => {
    const item = { id: 7, name: 'ünï', when: new Date(1e12), big: 2n ** 80n, map: new Map([[1, { a: null }]]) };
    const program = `
      import { createHash } from 'node:crypto';
      import { Packr } from 'msgpackr';
      const item = { id: 7, name: 'ünï', when: new Date(1e12), big: 2n ** 80n, map: new Map([[1, { a: null }]]) };
      const bytes = new Packr({ moreTypes: true, useBigIntExtension: true, copyBuffers: true }).pack(item);
      console.log(createHash('sha256').update(bytes).digest('hex').slice(0, 16));`;
    const printed = execFileSync(process.execPath, ['--input-type=module', '--eval', program], { encoding: 'utf8' });
    expect(printed.trim()).toBe(itemDigest(item));
  });
});
