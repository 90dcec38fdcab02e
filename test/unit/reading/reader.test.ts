import { describe, expect, it } from '@jest/globals';
import { itemDigest } from '../../../src/frame/codec.ts';
import { AProducer } from './a-producer.ts';
import { microtasks } from '../../support/microtasks.ts';

function* numbers(count: number): Generator<number> {
  for (let i = 1; i <= count; i++) yield i;
}

const at = (count: number, item?: unknown, cursor: string | null = null) => ({
  cursor,
  count,
  digest: item === undefined ? null : itemDigest(item),
});

describe('a source', () => {
  it.each<[string, () => unknown, unknown[]]>([
    ['a generator', () => numbers(3), [1, 2, 3]],
    [
      'an async generator',
      async function* () {
        yield await Promise.resolve('a');
        yield 'b';
      },
      ['a', 'b'],
    ],
    ['an array', () => ['a', { b: 1 }], ['a', { b: 1 }]],
    ['a map', () => new Map([['a', 1]]), [['a', 1]]],
    ['a set', () => new Set(['a', 'b']), ['a', 'b']],
    ['text', () => 'ab', ['a', 'b']],
    ['an iterator of its own kind', () => ({ [Symbol.asyncIterator]: () => ownIterator(['a', 'b']) }), ['a', 'b']],
    ['an empty array', () => [], []],
    ['an array of falsy items', () => [0, '', null, false, NaN], [0, '', null, false, NaN]],
  ])('may be %s', async (_, open, items) => {
    expect(await new AProducer({ open }).readAll()).toEqual({ isAtEnd: true, items });
  });

  it.each<[unknown, string]>([
    [undefined, 'got nothing'],
    [42, 'got 42'],
    [{ items: [] }, 'got an object'],
    [Promise.resolve([]), 'got a promise (was `async function` meant to be `async function*`?)'],
    [() => [], 'got a function'],
  ])('that is %p is refused with exit 78', async (source, message) => {
    const reading = new AProducer({ open: () => source }).readAll();
    await expect(reading).rejects.toMatchObject({ code: 'SOURCE', exitCode: 78 });
    await expect(reading).rejects.toThrow(
      `source: expected something iterable (a generator, an array, a stream…), ${message}`,
    );
  });

  it('whose iterator returns no results is refused with exit 78', async () => {
    const source = { [Symbol.iterator]: () => ({ next: () => 7 }) };
    await expect(new AProducer({ open: () => source }).readAll()).rejects.toMatchObject({
      message: 'source: expected { value, done } from its iterator, got 7',
      exitCode: 78,
    });
  });

  it.each<[string, unknown, string]>([
    ['undefined', undefined, 'the item is undefined'],
    ['a function', { go: () => 1 }, '$.go is a function'],
    ['something circular', circular(), '$.self refers back to an object that contains it'],
    ['something too large', 'x'.repeat(6000), 'more than maxItemBytes (5000)'],
    ['a promise', Promise.resolve(1), 'the item is a promise; await it before yielding it'],
  ])('that yields %s is refused with exit 78 and the number of the item', async (_, item, message) => {
    const producer = new AProducer({ open: () => [1, 2, item] });
    const reading = producer.readAll();
    await expect(reading).rejects.toMatchObject({ code: 'ITEM', exitCode: 78 });
    await expect(reading).rejects.toThrow('item 3 of the source: ');
    await expect(reading).rejects.toThrow(message);
  });

  it('with a bad item is refused with the number of the item after its last checkpoint', async () => {
    const producer = new AProducer({
      *open(_cursor, checkpoint) {
        yield 1;
        checkpoint({ page: 2 });
        yield 2;
        yield undefined;
      },
    });
    await expect(producer.readAll()).rejects.toThrow('item 2 after the cursor {"page":2} of the source: ');
  });

  it('that throws fails after the items that it had yielded', async () => {
    const producer = new AProducer({
      *open() {
        yield 1;
        yield 2;
        throw new Error('the vendor hung up');
      },
    });
    await expect(producer.readAll()).rejects.toThrow('the vendor hung up');
    producer.outlet.flush();
    expect(producer.items).toEqual([1, 2]);
  });

  it('resumes from the last cursor', async () => {
    const cursors: unknown[] = [];
    const open = (cursor: unknown): unknown => {
      cursors.push(cursor);
      return [];
    };
    await new AProducer({ open }).readAll();
    await new AProducer({ open, position: at(0, undefined, '{"page":3}') }).readAll();
    expect(cursors).toEqual([undefined, { page: 3 }]);
  });

  it.each<[string, unknown, string]>([
    ['undefined', undefined, 'checkpoint expects a cursor that JSON can hold, got nothing'],
    ['a function', () => 1, 'checkpoint expects a cursor that JSON can hold, got a function'],
    ['more than 1 MiB', 'ü'.repeat(600_000), 'checkpoint expects a cursor of at most 1 MiB of JSON, got 1200002 bytes'],
    ['a big integer', 1n, 'checkpoint expects a cursor that JSON can hold: '],
    ['something circular', circular(), 'checkpoint expects a cursor that JSON can hold: '],
  ])('is refused if it sets a checkpoint with %s', async (_, cursor, message) => {
    const producer = new AProducer({
      *open(_cursor, checkpoint) {
        yield 1;
        checkpoint(cursor);
      },
    });
    await expect(producer.readAll()).rejects.toThrow(message);
  });
});

describe('a resumed source', () => {
  it('is skipped only as far as its items are stored', async () => {
    const producer = new AProducer({ open: () => numbers(5), position: at(3, 3) });
    expect(await producer.readAll()).toEqual({ isAtEnd: true, items: [4, 5] });
    expect(producer.reader.position).toEqual({ cursor: null, count: 5, digest: null });
  });

  it('that yields a different item than before is refused with exit 78', async () => {
    const producer = new AProducer({ open: () => ['a', 'b', 'c'], position: at(2, 'B') });
    await expect(producer.readAll()).rejects.toMatchObject({ code: 'SOURCE_CHANGED', exitCode: 78 });
    await expect(producer.readAll()).rejects.toThrow('item 2 differs from the one stored under that number');
    expect(producer.sent).toEqual([]);
  });

  it('that yields an item that cannot be encoded is refused with exit 78', async () => {
    const producer = new AProducer({ open: () => ['a', () => 1], position: at(2, 'b') });
    await expect(producer.readAll()).rejects.toMatchObject({ code: 'SOURCE_CHANGED', exitCode: 78 });
  });

  it('that has become too short is refused with exit 78', async () => {
    const producer = new AProducer({ open: () => ['a'], position: at(2, 'b') });
    const reading = producer.readAll();
    await expect(reading).rejects.toMatchObject({ code: 'SOURCE_CHANGED', exitCode: 78 });
    await expect(reading).rejects.toThrow('it ended after 1 items, but 2 are stored');
  });

  it('that may yield different items is not skipped at all', async () => {
    const producer = new AProducer({ open: () => ['x', 'y'], position: at(5, 'e'), deterministic: false });
    expect(await producer.readAll()).toEqual({ isAtEnd: true, items: ['x', 'y'] });
  });

  it('does not block messages while it is skipped', async () => {
    const producer = new AProducer({ open: () => numbers(1_000_000), position: at(1_000_000, 1_000_000) });
    producer.clock.turn(10);
    let isOver = false;
    void producer.reader.read().then(() => (isOver = true));
    await microtasks(1000);
    expect(isOver).toBe(false);
    producer.reader.stop();
    producer.clock.endTick();
    await microtasks();
    expect(isOver).toBe(true);
    expect(producer.reader.position.count).toBe(1);
  });
});

describe('the reader of a source', () => {
  it('waits at the throttle’s gate before the next item', async () => {
    let yielded = 0;
    const producer = new AProducer({
      *open() {
        for (;;) yield ++yielded;
      },
    });
    producer.throttle.set(true);
    const reading = producer.reader.read();
    await microtasks();
    expect(yielded).toBe(0);
    producer.throttle.set(false);
    await microtasks();
    expect(yielded).toBeGreaterThan(0);
    producer.reader.stop();
    producer.outlet.stored(Infinity);
    expect(await reading).toBe(false);
  });

  it.each<['items' | 'chunks', () => Iterable<unknown>]>([
    ['items', () => numbers(100)],
    [
      'chunks',
      function* () {
        const ends = Array.from({ length: 100 }, (_, i) => i + 1);
        yield { bytes: Buffer.alloc(100, 'x'), ends, meta: {} };
      },
    ],
  ])('of %s stays paused if the throttle is set while the window is full', async (yields, open) => {
    const producer = new AProducer({ open, yields, windowBytes: 1 });
    const reading = producer.reader.read();
    await microtasks();
    const { count } = producer.reader.position;
    producer.throttle.set(true);
    producer.outlet.stored(producer.sent.length);
    await microtasks();
    expect(producer.reader.position.count).toBe(count);
    expect(producer.items).toHaveLength(count);
    producer.reader.stop();
    producer.throttle.open();
    expect(await reading).toBe(false);
  });

  it('yields to the event loop even if the source never waits', async () => {
    let yielded = 0;
    const producer = new AProducer({
      *open() {
        while (yielded < 3) yield ++yielded;
      },
    });
    producer.clock.turn(6);
    const reading = producer.reader.read();
    await microtasks();
    expect(yielded).toBe(1);
    producer.clock.endTick();
    expect(await reading).toBe(true);
    expect(yielded).toBe(3);
  });

  it('takes no more items after a stop, even if the source yields them', async () => {
    let release = (): void => undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    const producer = new AProducer({
      async *open() {
        yield 1;
        await gate;
        yield 2;
      },
    });
    const reading = producer.reader.read();
    await microtasks();
    producer.reader.stop();
    release();
    expect(await reading).toBe(false);
    producer.outlet.flush();
    expect(producer.items).toEqual([1]);
  });

  it('ignores a checkpoint for items that it did not take after a stop', async () => {
    let release = (): void => undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    const producer = new AProducer({
      deterministic: false,
      async *open(_cursor, checkpoint) {
        let last = 0;
        try {
          yield (last = 1);
          await gate;
          yield (last = 2);
        } finally {
          checkpoint(last);
        }
      },
    });
    const reading = producer.reader.read();
    await microtasks();
    producer.reader.stop();
    release();
    await reading;
    await microtasks();
    producer.outlet.flush();
    producer.outlet.stored(producer.sent.length);
    expect(producer.sent.map(({ position }) => position.cursor)).toEqual([null]);
  });

  it.each<[string, () => unknown]>([
    [
      'throws at once',
      () => {
        throw new Error('no');
      },
    ],
    ['fails', () => Promise.reject(new Error('no'))],
    ['never ends', () => new Promise(() => {})],
  ])('can be stopped while the source waits forever, even if the clean-up %s', async (_, cleanUp) => {
    const source = {
      [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}), return: cleanUp }),
    };
    const producer = new AProducer({ open: () => source });
    void producer.reader.read();
    await microtasks();
    expect(() => producer.reader.stop()).not.toThrow();
    await producer.outlet.flushed();
  });

  it('lets the source clean up', async () => {
    let cleaned = false;
    const producer = new AProducer({
      *open() {
        try {
          for (;;) yield 1;
        } finally {
          cleaned = true;
        }
      },
    });
    const reading = producer.reader.read();
    await microtasks();
    producer.reader.stop();
    producer.outlet.stored(Infinity);
    await reading;
    expect(cleaned).toBe(true);
  });
});

describe('a source that cannot be counted', () => {
  it('resumes after its last checkpoint, even if no item has followed it', async () => {
    let more = (): void => undefined;
    const producer = new AProducer({
      deterministic: false,
      async *open(_cursor, checkpoint) {
        yield 'message 7';
        checkpoint(7);
        await new Promise<void>((resolve) => (more = resolve));
      },
    });
    const reading = producer.reader.read();
    await microtasks();
    producer.outlet.stored(1);
    expect(producer.sent.at(-1)).toEqual({ items: [], position: { cursor: '7', count: 0, digest: null } });
    more();
    await reading;
  });
});

function circular(): unknown {
  const value: Record<string, unknown> = {};
  value['self'] = value;
  return value;
}

/** An iterator that is neither a generator nor synchronous: it has `next` only. */
function ownIterator(items: unknown[]): AsyncIterator<unknown> {
  return {
    next: () => Promise.resolve(items.length > 0 ? { value: items.shift() } : { value: undefined, done: true }),
  };
}
