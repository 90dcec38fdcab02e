import { describe, it } from '@jest/globals';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { sourceStart, type SourcePosition } from '../../../src/frame/position.ts';
import type { Chunk } from '../../../src/sources/port.ts';
import { AProducer, type AProducerOptions } from './a-producer.ts';
import { microtasks } from '../../support/microtasks.ts';

/** The steps of a source: it yields the next item, or sets a checkpoint. */
type Script = readonly ('item' | 'checkpoint')[];

/** How a source yields its items. */
const kinds = {
  *generator(script: Script, from: number, checkpoint: (cursor: unknown) => void) {
    for (let i = from; i < script.length; i++) {
      if (script[i] === 'item') yield { at: i, text: 'x'.repeat(i % 7) };
      else checkpoint({ next: i + 1 });
    }
  },
  async *'async generator'(script: Script, from: number, checkpoint: (cursor: unknown) => void) {
    for (let i = from; i < script.length; i++) {
      if (i % 3 === 0) await Promise.resolve();
      if (script[i] === 'item') yield { at: i, text: 'x'.repeat(i % 7) };
      else checkpoint({ next: i + 1 });
    }
  },
  *'generator that reuses one object'(script: Script, from: number, checkpoint: (cursor: unknown) => void) {
    const item = { at: -1, text: '' };
    for (let i = from; i < script.length; i++) {
      item.at = i;
      item.text = 'x'.repeat(i % 7);
      if (script[i] === 'item') yield item;
      else checkpoint({ next: i + 1 });
      item.at = -2;
    }
  },
};

type Kind = keyof typeof kinds;

function itemsOf(script: Script): unknown[] {
  return script.flatMap((step, i) => (step === 'item' ? [{ at: i, text: 'x'.repeat(i % 7) }] : []));
}

/** One life of the producer: how its frames are cut, how they are stored, and when it is killed. */
interface Life {
  /** Messages that are stored before the kill. */
  stored: number;
  frameItems: number;
  windowBytes: number;
  /** How many messages are stored together, cyclically. */
  pace: number[];
}

const life = fc.record<Life>({
  stored: fc.nat({ max: 8 }),
  frameItems: fc.integer({ min: 1, max: 5 }),
  windowBytes: fc.constantFrom(1, 60, 10_000),
  pace: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 }),
});

const immortal: Life = { stored: Infinity, frameItems: 3, windowBytes: 10_000, pace: [1, 2] };

/** One life of a producer, from `position`. Only stored messages count; the others are lost with it. */
async function live(
  options: Pick<AProducerOptions, 'open' | 'yields' | 'deterministic'>,
  position: SourcePosition,
  { stored: most, pace, ...limits }: Life,
): Promise<{ items: unknown[]; position: SourcePosition; isAtEnd: boolean }> {
  const producer = new AProducer({ ...options, ...limits, position });
  let end: SourcePosition | undefined;
  const read = async (): Promise<void> => {
    if (!(await producer.reader.read())) return;
    producer.outlet.flush();
    end = producer.reader.position;
  };
  const reading = read();
  let stored = 0;
  for (let step = 0; stored < most; step++) {
    await microtasks();
    const waiting = producer.sent.length - stored;
    if (waiting === 0 && end) break;
    if (waiting === 0) continue;
    const some = Math.min(pace[step % pace.length]!, waiting, most - stored);
    stored += some;
    producer.outlet.stored(some);
  }
  const isAtEnd = end !== undefined && stored === producer.sent.length;
  producer.reader.stop();
  // This releases the reader, if it waits in the outlet.
  producer.outlet.stored(Infinity);
  await reading;
  const kept = producer.sent.slice(0, stored);
  return {
    items: kept.flatMap(({ items }) => items),
    position: (isAtEnd ? end : kept.at(-1)?.position) ?? position,
    isAtEnd,
  };
}

/** Successive lives, each from the position that the previous one stored, until the source has ended. */
async function liveOn(
  options: Pick<AProducerOptions, 'open' | 'yields' | 'deterministic'>,
  lives: readonly Life[],
): Promise<unknown[]> {
  const items: unknown[] = [];
  let position = sourceStart;
  for (const each of [...lives, immortal]) {
    const lived = await live(options, position, each);
    items.push(...lived.items);
    position = lived.position;
    if (lived.isAtEnd) break;
  }
  return items;
}

const lines = Array.from({ length: 40 }, (_, i) => `${i}${'x'.repeat(i % 7)}\n`);

function inBytes(texts: readonly string[]): { bytes: Buffer; ends: number[] } {
  let end = 0;
  return { bytes: Buffer.from(texts.join('')), ends: texts.map((text) => (end += text.length)) };
}

const script = fc.array(fc.constantFrom('item', 'item', 'item', 'checkpoint'), { maxLength: 40 });

describe('a producer that is killed repeatedly', () => {
  it.each(Object.keys(kinds) as Kind[])(
    'stores each item of a source once and in order: %s with checkpoints anywhere',
    async (kind) => {
      await fc.assert(
        fc.asyncProperty(script, fc.array(life, { maxLength: 10 }), async (steps: Script, lives) => {
          const open: AProducerOptions['open'] = (cursor, checkpoint) =>
            kinds[kind](steps, (cursor as { next: number } | undefined)?.next ?? 0, checkpoint);
          assert.deepEqual(await liveOn({ open }, lives), itemsOf(steps));
        }),
        { numRuns: 1500 },
      );
    },
  );

  it.each(['items', 'records'] as const)(
    'stores each item of a source that yields chunks of %s once and in order, wherever frames are cut',
    async (kind) => {
      const meta = { version: 1 };
      await fc.assert(
        fc.asyncProperty(
          fc.nat({ max: 40 }),
          fc.array(fc.record({ size: fc.nat({ max: 9 }), hasCursor: fc.boolean() }), { minLength: 1, maxLength: 20 }),
          fc.array(life, { maxLength: 10 }),
          async (count, chunks, lives) => {
            let moment = 0;
            // Each life cuts the source into other chunks.
            const open = function* (cursor: unknown): Generator<Chunk> {
              let next = Number(cursor ?? 0);
              while (next < count) {
                const { size, hasCursor } = chunks[moment++ % chunks.length]!;
                const texts = lines.slice(next, Math.min(next + size + (moment % 2), count));
                next += texts.length;
                const covers = hasCursor ? { cursor: next } : {};
                if (kind === 'items') yield { items: texts, ...covers };
                else if (texts.length > 0) yield { ...inBytes(texts), meta, ...covers };
              }
            };
            assert.deepEqual(await liveOn({ open, yields: 'chunks' }, lives), lines.slice(0, count));
          },
        ),
        { numRuns: 1500 },
      );
    },
  );

  it('stores each item once and in order, even if its source sets its checkpoints elsewhere in each life', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat({ max: 30 }),
        fc.array(life, { maxLength: 10 }),
        fc.array(fc.boolean(), { minLength: 1, maxLength: 50 }),
        async (count, lives, covers) => {
          let moment = 0;
          const open = function* (cursor: unknown, checkpoint: (cursor: unknown) => void): Generator<number> {
            for (let i = Number(cursor ?? 0); i < count; i++) {
              yield i;
              // By the clock, for example: a checkpoint may be inside the items that the next life skips.
              if (covers[moment++ % covers.length]) checkpoint(i + 1);
            }
          };
          const items = Array.from({ length: count }, (_, i) => i);
          assert.deepEqual(await liveOn({ open }, lives), items);
        },
      ),
      { numRuns: 1500 },
    );
  });

  it.each<[string, (items: number[]) => unknown, (item: number) => unknown]>([
    ['an array', (items) => items, (item) => item],
    ['a map', (items) => new Map(items.map((item) => [item, `${item}`])), (item) => [item, `${item}`]],
    ['a set', (items) => new Set(items), (item) => item],
  ])('stores each element of %s once and in order', async (_, sourceOf, elementOf) => {
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: 40 }), fc.array(life, { maxLength: 6 }), async (count, lives) => {
        const items = Array.from({ length: count }, (__, i) => i);
        assert.deepEqual(await liveOn({ open: () => sourceOf(items) }, lives), items.map(elementOf));
      }),
      { numRuns: 200 },
    );
  });

  it('loses no item of a source that cannot be counted', async () => {
    await fc.assert(
      fc.asyncProperty(script, fc.array(life, { maxLength: 10 }), async (steps: Script, lives) => {
        const open: AProducerOptions['open'] = (cursor, checkpoint) =>
          kinds.generator(steps, (cursor as { next: number } | undefined)?.next ?? 0, checkpoint);
        const stored = await liveOn({ open, deterministic: false }, lives);
        const seen = new Set(stored.map((item) => (item as { at: number }).at));
        assert.deepEqual(seen, new Set(itemsOf(steps).map((item) => (item as { at: number }).at)));
      }),
      { numRuns: 500 },
    );
  });

  it('repeats no item of a source that sets a checkpoint after each message, if it is killed while it waits', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat({ max: 6 }), { maxLength: 8 }), async (batches) => {
        let arrived = 0;
        const open = async function* (cursor: unknown, checkpoint: (cursor: unknown) => void): AsyncGenerator<number> {
          for (let i = Number(cursor ?? 0); i < arrived; i++) {
            yield i;
            checkpoint(i + 1);
          }
          await new Promise(() => {});
        };
        const items: unknown[] = [];
        let position = sourceStart;
        for (const batch of batches) {
          arrived += batch;
          const producer = new AProducer({ open, position, deterministic: false });
          void producer.reader.read();
          for (let quiet = 0, stored = 0; quiet < 3; quiet++) {
            await microtasks();
            if (producer.sent.length > stored) quiet = 0;
            producer.outlet.stored(producer.sent.length - stored);
            stored = producer.sent.length;
          }
          items.push(...producer.items);
          position = producer.sent.at(-1)?.position ?? position;
        }
        assert.deepEqual(
          items,
          Array.from({ length: arrived }, (_, i) => i),
        );
      }),
      { numRuns: 200 },
    );
  });
});
