import { describe, expect, it } from '@jest/globals';
import type { SourceContext } from '../../../src/pipeline/context.ts';
import type { PlainSource } from '../../../src/pipeline/types.ts';
import { digestOf } from '../../../src/torture/canonical.ts';
import type { ProducerEntry } from '../../../src/torture/journal.ts';
import { watchedSource } from '../../../src/torture/watched-source.ts';

/** A watched source, with its journal, its items and its messages to the product, in order. */
function watch(source: PlainSource<unknown>, cursor?: unknown) {
  const story: unknown[] = [];
  const write = (entry: ProducerEntry): unknown => story.push(entry.t === 'end' ? 'end' : [entry.at, entry.digest]);
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

const written = (at: string, item: unknown): unknown[] => [[at, digestOf(item)], 'item yielded', { item }];

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
  ])('writes each item of %s to the journal before it is passed on, and the end', async (_, source) => {
    const { story, items } = watch(source);
    await all(items, story);
    expect(story).toEqual([...written('#1', 'a'), ...written('#2', 'b'), 'end', 'source ended']);
  });

  it('counts from the last cursor, as the product does, and from the cursor that it was started with', async () => {
    const source: PlainSource<unknown> = async function* ({ checkpoint }) {
      yield 'c';
      checkpoint({ page: 2 });
      yield 'd';
    };
    const { story, items } = watch(source, { page: 1 });
    await all(items, story);
    expect(story).toEqual([
      ...written('{"page":1}#1', 'c'),
      { checkpoint: { page: 2 } },
      ...written('{"page":2}#1', 'd'),
      'end',
      'source ended',
    ]);
  });

  it('stays synchronous if it was', () => {
    expect(Symbol.iterator in watch(['a']).items).toBe(true);
    expect(Symbol.asyncIterator in watch(async function* () {}).items).toBe(true);
    expect(watch((() => 5) as unknown as PlainSource<unknown>).items).toBe(5);
  });

  it('is told to clean up, once, when it is left early', async () => {
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
    expect(story).toEqual(written('#1', 'a'));
  });
});
