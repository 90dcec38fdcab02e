import { describe, expect, it } from '@jest/globals';
import type { SourceContext } from '../../../src/pipeline/context.ts';
import type { PlainSource } from '../../../src/pipeline/types.ts';
import {
  defineSource,
  isSourceSpec,
  type Chunk,
  type OpenContext,
  type OpenSource,
} from '../../../src/sources/port.ts';
import { digestOf, recordDigest } from '../../../src/torture/canonical.ts';
import type { ProducerEntry } from '../../../src/torture/journal.ts';
import { watchedSource, watchedSpec } from '../../../src/torture/watched-source.ts';
import { openContext } from '../../support/read-source.ts';

/** A watched source, with its journal, its items and its messages to the product, in order. */
function watch(source: PlainSource<unknown>, cursor?: unknown) {
  const story: unknown[] = [];
  const write = (entry: ProducerEntry): unknown => story.push(entry);
  const open = watchedSource(
    source,
    (point) => story.push(point),
    () => write,
  );
  const context = {
    cursor,
    checkpoint: (next: unknown) => story.push({ checkpoint: next }),
  } as unknown as SourceContext;
  return { story, items: open(context) };
}

async function all(items: Iterable<unknown> | AsyncIterable<unknown>, story: unknown[]): Promise<void> {
  for await (const item of items) story.push({ item });
}

const opened = (cursor?: unknown): ProducerEntry => ({
  t: 'open',
  after: cursor === undefined ? '' : digestOf(cursor),
});
const written = (item: unknown): unknown[] => [{ t: 'items', digests: [digestOf(item)] }, 'item yielded', { item }];
const end = [{ t: 'end' }, 'source ended'];

describe('a watched source', () => {
  it.each<[string, PlainSource<unknown>]>([
    ['an array', ['a', 'b']],
    [
      'a generator',
      function* () {
        yield 'a';
        yield 'b';
      },
    ],
    [
      'an async generator',
      async function* () {
        yield 'a';
        yield 'b';
      },
    ],
  ])('writes each item of %s to the journal before passing it on, and then the end', async (_, source) => {
    const { story, items } = watch(source);
    await all(items, story);
    expect(story).toEqual([opened(), ...written('a'), ...written('b'), ...end]);
  });

  it('writes the cursor that it begins after to the journal, and each cursor that it reports', async () => {
    const source: PlainSource<unknown> = async function* ({ checkpoint }) {
      yield 'c';
      checkpoint({ page: 2 });
      yield 'd';
    };
    const { story, items } = watch(source, { page: 1 });
    await all(items, story);
    expect(story).toEqual([
      opened({ page: 1 }),
      ...written('c'),
      { t: 'cursor', cursor: digestOf({ page: 2 }) },
      { checkpoint: { page: 2 } },
      ...written('d'),
      ...end,
    ]);
  });

  it('stays synchronous if the original was', () => {
    expect(Symbol.iterator in watch(['a']).items).toBe(true);
    expect(Symbol.asyncIterator in watch(async function* () {}).items).toBe(true);
    expect(watch((() => 5) as unknown as PlainSource<unknown>).items).toBe(5);
  });

  it('is closed once when it is left early', async () => {
    let cleaned = 0;
    const source: PlainSource<unknown> = async function* () {
      try {
        yield 'a';
        yield 'b';
      } finally {
        cleaned += 1;
      }
    };
    const { story, items } = watch(source);
    for await (const item of items) {
      story.push({ item });
      break;
    }
    expect(cleaned).toBe(1);
    expect(story).toEqual([opened(), ...written('a')]);
  });
});

/** An open watched source with a specification, and a record of what happened to it. */
async function watchSpec(source: OpenSource, given: Partial<OpenContext> = {}) {
  const story: unknown[] = [];
  const spec = defineSource({ kind: 'mine', target: 'x', resumes: 'by cursor', settles: true, open: () => source });
  const watched = watchedSpec(
    spec,
    (point) => story.push(point),
    () => (entry) => story.push(entry),
  );
  return { story, watched, open: await watched.open(openContext(given)) };
}

describe('a watched source with a specification', () => {
  const chunks: Chunk[] = [
    { items: ['a', 'b'], cursor: 2 },
    { bytes: Buffer.from('c\nd\n'), ends: [2, 4], meta: { version: 1 }, cursor: 4 },
    { items: [], cursor: 5 },
  ];
  const records = ['c\n', 'd\n'].map((text) => recordDigest(Buffer.from(text)));

  it('writes the items and records of each chunk to the journal before passing the chunk on, and its cursor after them', async () => {
    const { story, open } = await watchSpec({ read: () => chunks }, { cursor: 0 });
    for await (const chunk of open.read()) story.push(chunk);
    expect(story).toEqual([
      opened(0),
      { t: 'items', digests: ['a', 'b'].map(digestOf) },
      { t: 'cursor', cursor: digestOf(2) },
      'item yielded',
      chunks[0],
      { t: 'items', digests: records },
      { t: 'cursor', cursor: digestOf(4) },
      'item yielded',
      chunks[1],
      { t: 'items', digests: [] },
      { t: 'cursor', cursor: digestOf(5) },
      'item yielded',
      chunks[2],
      ...end,
    ]);
  });

  it('passes calls of `stored`, `settled` and `close` on to the source’s own methods', async () => {
    class Mine implements OpenSource {
      readonly heard: unknown[] = [];
      read = (): Chunk[] => [];
      stored(cursor: unknown): void {
        this.heard.push(['stored', cursor]);
      }
      settled(cursor: unknown): void {
        this.heard.push(['settled', cursor]);
      }
      close(): void {
        this.heard.push('closed');
      }
    }
    const mine = new Mine();
    const { open } = await watchSpec(mine);
    await open.stored!(1);
    await open.settled!(2);
    await open.close!();
    expect(mine.heard).toEqual([['stored', 1], ['settled', 2], 'closed']);
    const { open: plain } = await watchSpec({ read: () => [] });
    expect(Object.keys(plain)).toEqual(['read']);
  });

  it('stays a specification, and passes values that are not chunks to the producer, which reports them', async () => {
    const { watched, open, story } = await watchSpec({ read: () => [null, { bytes: 5 }] as unknown as Chunk[] });
    expect(isSourceSpec(watched)).toBe(true);
    expect([...(open.read() as Iterable<Chunk>)]).toEqual([null, { bytes: 5 }]);
    expect(story).toEqual([opened(), 'item yielded', 'item yielded', ...end]);
  });
});
