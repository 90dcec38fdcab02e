import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { itemDigest } from '../../../src/frame/codec.ts';
import type { Records } from '../../../src/frame/records.ts';
import type { Outlet } from '../../../src/reading/outlet.ts';
import { anOutlet } from './a-producer.ts';
import { microtasks } from '../../support/microtasks.ts';

const place = (count: number, cursor: string | null = null) => ({ cursor, count });
const told = { isSentAlone: true };
const notTold = { isSentAlone: false };

function add(outlet: Outlet, ...items: unknown[]): void {
  for (const [i, item] of items.entries()) outlet.add(item, place(i + 1));
}

describe('an item', () => {
  it('is sent at once if nothing is outstanding, and otherwise waits to share a frame', () => {
    const { outlet, sent } = anOutlet();
    add(outlet, 'a', 'b', 'c');
    expect(sent.map(({ items }) => items)).toEqual([['a']]);
    outlet.stored(1);
    expect(sent.map(({ items }) => items)).toEqual([['a'], ['b', 'c']]);
  });

  it('is sent in full frames without waiting for an answer, as long as the window has space', () => {
    const { outlet, sent } = anOutlet({ frameItems: 2 });
    add(outlet, 1, 2, 3, 4, 5, 6);
    expect(sent.map(({ items }) => items)).toEqual([[1], [2, 3], [4, 5]]);
    expect(outlet.framesOutstanding).toBe(3);
  });

  it('fills a frame by its bytes as well as by the number of items', () => {
    const { outlet, sent } = anOutlet({ frameItems: 100, frameBytes: 50 });
    add(outlet, 'first', 'x'.repeat(30), 'x'.repeat(30), 'last');
    expect(sent.map(({ items }) => items.length)).toEqual([1, 2]);
  });

  it('is refused if it is too large or cannot be encoded, and no other item is lost', () => {
    const { outlet, sent } = anOutlet();
    add(outlet, 'a', 'b');
    expect(() => outlet.add(() => 1, place(3))).toThrow('$ is a function');
    expect(() => outlet.add('x'.repeat(6000), place(3))).toThrow('maxItemBytes (5000)');
    outlet.flush();
    expect(sent.at(-1)).toMatchObject({ items: ['b'], position: { count: 2 } });
  });
});

describe('a chunk of records', () => {
  const chunk = (...texts: string[]): Records => {
    let end = 0;
    return {
      kind: 'own',
      meta: { version: 1 },
      bytes: Buffer.from(texts.join('')),
      ends: texts.map((text) => (end += text.length)),
    };
  };
  const addChunk = (outlet: Outlet, records: Records): void => {
    outlet.startRecords();
    const count = outlet.fitting(records, 0);
    outlet.addRecords(records, 0, count, { cursor: null, count });
  };

  it('begins its own frame if the gathered one is at least half full', () => {
    const { outlet, sent } = anOutlet({ frameItems: 4 });
    addChunk(outlet, chunk('first'));
    addChunk(outlet, chunk('a', 'b'));
    addChunk(outlet, chunk('c', 'd', 'e'));
    outlet.flush();
    expect(sent.map(({ items }) => items)).toEqual([['first'], ['a', 'b'], ['c', 'd', 'e']]);
  });

  it('fills a frame that is less than half full, and any frame while the window is full', () => {
    const { outlet, sent } = anOutlet({ frameItems: 4 });
    addChunk(outlet, chunk('first'));
    addChunk(outlet, chunk('a'));
    addChunk(outlet, chunk('b', 'c', 'd'));
    expect(sent.map(({ items }) => items)).toEqual([['first'], ['a', 'b', 'c', 'd']]);

    const full = anOutlet({ frameItems: 4, windowBytes: 1 });
    addChunk(full.outlet, chunk('first'));
    addChunk(full.outlet, chunk('a', 'b'));
    addChunk(full.outlet, chunk('c'));
    full.outlet.flush();
    expect(full.sent.map(({ items }) => items)).toEqual([['first'], ['a', 'b', 'c']]);
  });
});

describe('the window', () => {
  it('limits the items that are not stored: the reader waits for space, and resumes when there is some', async () => {
    const { outlet, sent } = anOutlet({ frameItems: 2, windowBytes: 60 });
    let isWaiting = false;
    for (let i = 0; !isWaiting; i++) {
      outlet.add('x'.repeat(20), place(i + 1));
      isWaiting = outlet.isFull;
    }
    expect(sent.map(({ items }) => items.length)).toEqual([1]);
    let hasSpace = false;
    void outlet.hasSpace().then(() => (hasSpace = true));
    await microtasks();
    expect(hasSpace).toBe(false);
    outlet.stored(1);
    await microtasks();
    expect(hasSpace).toBe(true);
    expect(sent.map(({ items }) => items.length)).toEqual([1, 2]);
  });

  it('never blocks a single large item', () => {
    const { outlet, sent } = anOutlet({ windowBytes: 10, frameBytes: 10 });
    add(outlet, 'x'.repeat(3000));
    expect(sent).toHaveLength(1);
    expect(outlet.isFull).toBe(false);
  });

  it('is exceeded by at most one frame, in whatever order items arrive and are stored', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.nat({ max: 400 }), fc.constant('stored' as const)), { maxLength: 60 }),
        (steps) => {
          const windowBytes = 1000;
          const { outlet, sent } = anOutlet({ frameItems: 3, frameBytes: 300, windowBytes });
          let acknowledged = 0;
          let added = 0;
          for (const step of steps) {
            if (step === 'stored') {
              const outstanding = sent.length - acknowledged;
              outlet.stored(Math.min(1, outstanding));
              acknowledged += Math.min(1, outstanding);
            } else if (!outlet.isFull) {
              outlet.add('x'.repeat(step), place(++added));
            }
          }
          const outstanding = sent.slice(acknowledged).flatMap(({ items }) => items as string[]);
          const bytes = outstanding.reduce((sum, { length }) => sum + length, 0);
          return bytes <= windowBytes || sent.length - acknowledged === 1;
        },
      ),
    );
  });
});

describe('a frame', () => {
  it('carries the source’s position after its last item, and the digest of that item', () => {
    const { outlet, sent } = anOutlet();
    outlet.add({ id: 1 }, place(1));
    outlet.add({ id: 2 }, place(2));
    outlet.add({ id: 3 }, place(1, '"page 2"'));
    outlet.stored(1);
    expect(sent.map(({ position }) => position)).toEqual([
      { cursor: null, count: 1, digest: itemDigest({ id: 1 }) },
      { cursor: '"page 2"', count: 1, digest: itemDigest({ id: 3 }) },
    ]);
  });

  it('has the digest of the item as it was sent, even if the source changes the object later', () => {
    const { outlet, sent } = anOutlet();
    const item = { id: 1 };
    outlet.add('first', place(1));
    outlet.add(item, place(2));
    item.id = 99;
    outlet.stored(1);
    expect(sent.at(-1)).toMatchObject({ items: [{ id: 1 }], position: { digest: itemDigest({ id: 1 }) } });
  });
});

describe('a checkpoint', () => {
  it('goes with the gathered items, which it covers', () => {
    const { outlet, sent } = anOutlet();
    add(outlet, 'a', 'b');
    outlet.covered(place(0, '"c"'), notTold);
    outlet.stored(1);
    expect(sent.at(-1)).toMatchObject({ items: ['b'], position: { cursor: '"c"', count: 0, digest: itemDigest('b') } });
  });

  it('is not sent alone if the items can be counted, but with the next frame', () => {
    const { outlet, sent } = anOutlet();
    add(outlet, 'a');
    outlet.covered(place(0, '"c"'), notTold);
    outlet.stored(1);
    expect(sent).toHaveLength(1);
    expect(outlet.isEmpty).toBe(true);
  });

  it('is sent alone once nothing is outstanding, if the items cannot be counted', () => {
    const { outlet, sent } = anOutlet();
    add(outlet, 'a');
    outlet.covered(place(0, '"c"'), told);
    outlet.covered(place(0, '"d"'), told);
    expect(sent).toHaveLength(1);
    outlet.stored(1);
    expect(sent.at(-1)).toEqual({ items: [], position: { cursor: '"d"', count: 0, digest: null } });
    expect(outlet.isEmpty).toBe(false);
    outlet.covered(place(0, '"e"'), told);
    expect(sent).toHaveLength(2);
    outlet.stored(1);
    expect(sent.at(-1)).toMatchObject({ position: { cursor: '"e"' } });
    outlet.stored(1);
    expect(outlet.isEmpty).toBe(true);
  });

  it('is not sent alone if an item with it has arrived in the meantime', () => {
    const { outlet, sent } = anOutlet();
    add(outlet, 'a');
    outlet.covered(place(0, '"c"'), told);
    outlet.add('b', place(1, '"c"'));
    outlet.stored(1);
    outlet.stored(1);
    expect(sent.map(({ items }) => items)).toEqual([['a'], ['b']]);
  });
});

describe('a flush', () => {
  it('sends the gathered items, even if the window is full, and completes when everything is stored', async () => {
    const { outlet, sent } = anOutlet({ frameItems: 2, windowBytes: 1 });
    add(outlet, 'a', 'b', 'c');
    outlet.covered(place(0, '"c"'), told);
    let isOver = false;
    void outlet.flushed().then(() => (isOver = true));
    expect(sent.map(({ items }) => items)).toEqual([['a'], ['b', 'c']]);
    outlet.stored(1);
    await microtasks();
    expect(isOver).toBe(false);
    outlet.stored(1);
    await microtasks();
    expect(isOver).toBe(true);
  });

  it('completes at once without items', async () => {
    const { outlet, sent } = anOutlet();
    await outlet.flushed();
    expect(sent).toEqual([]);
  });
});
