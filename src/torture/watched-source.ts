import type { SourceContext } from '../pipeline/context.ts';
import type { PlainSource } from '../pipeline/types.ts';
import type { ItemChunk, OpenContext, OpenSource, RecordChunk, SourceSpec } from '../sources/port.ts';
import { digestOf } from './canonical.ts';
import type { ProducerEntry, Write } from './journal.ts';
import type { Door } from './trap.ts';
import { digestsOf, watchedDecoders } from './watched-records.ts';

type Step = IteratorResult<unknown>;

/**
 * A source that writes everything that `source` yields to the journal before it passes it on, and the cursor after
 * which it began to read. `open` opens the journal of this process.
 */
export function watchedSource(
  source: PlainSource<unknown>,
  door: Door,
  open: () => Write<ProducerEntry>,
): (context: SourceContext) => Iterable<unknown> | AsyncIterable<unknown> {
  return (context) => {
    const write = open();
    write({ t: 'open', after: cursorDigest(context.cursor) });
    const checkpoint = (cursor: unknown): void => {
      write({ t: 'cursor', cursor: cursorDigest(cursor) });
      context.checkpoint(cursor);
    };
    const items = typeof source === 'function' ? source({ ...context, checkpoint }) : source;
    return watchedSteps(items, write, door, (item) => write({ t: 'items', digests: [digestOf(item)] }));
  };
}

/** The same for a source with a specification. Raw records are represented by the digests of their bytes. */
export function watchedSpec(
  spec: SourceSpec<unknown, string>,
  door: Door,
  open: () => Write<ProducerEntry>,
): SourceSpec<unknown, string> {
  return {
    ...spec,
    open: async (context) => watchedOpenSource(await spec.open(context), context, { door, open }),
    // The kill comes at the point where a record could bring down its process.
    openDecoder:
      spec.openDecoder &&
      (async (context) => watchedDecoders(await spec.openDecoder!(context), () => door('before process'))),
  };
}

function watchedOpenSource(
  source: OpenSource,
  { cursor, maxItemBytes }: Pick<OpenContext, 'cursor' | 'maxItemBytes'>,
  { door, open }: { door: Door; open: () => Write<ProducerEntry> },
): OpenSource {
  return {
    read: () => {
      const write = open();
      write({ t: 'open', after: cursorDigest(cursor) });
      return watchedSteps(source.read(), write, door, (chunk) => noteChunk(chunk, maxItemBytes, write)) as ReturnType<
        OpenSource['read']
      >;
    },
    ...(source.stored && { stored: (stored: unknown) => source.stored!(stored) }),
    ...(source.settled && { settled: (settled: unknown) => source.settled!(settled) }),
    ...(source.close && { close: () => source.close!() }),
  };
}

/** A value that is not a chunk is not recorded: the producer reports it. */
function noteChunk(chunk: unknown, maxItemBytes: number, write: Write<ProducerEntry>): void {
  const { items, bytes, ends, cursor } = Object(chunk) as Partial<ItemChunk & RecordChunk>;
  if (Array.isArray(items)) write({ t: 'items', digests: items.map(digestOf) });
  else if (Buffer.isBuffer(bytes) && ends) {
    write({ t: 'items', digests: digestsOf(chunk as RecordChunk, maxItemBytes) });
  }
  // It covers the items of its chunk.
  if (cursor !== undefined) write({ t: 'cursor', cursor: cursorDigest(cursor) });
}

function cursorDigest(cursor: unknown): string {
  return cursor === undefined ? '' : digestOf(cursor);
}

/** `note` records each item. A value that is not iterable is passed on, and the producer reports it. */
function watchedSteps(
  items: Iterable<unknown> | AsyncIterable<unknown>,
  write: Write<ProducerEntry>,
  door: Door,
  note: (value: unknown) => void,
): Iterable<unknown> | AsyncIterable<unknown> {
  const watch = (step: Step): Step => {
    if (step.done === true) {
      write({ t: 'end' });
      door('source ended');
    } else {
      note(step.value);
      door('item yielded');
    }
    return step;
  };
  if (Symbol.asyncIterator in Object(items)) return watchedAsync(items as AsyncIterable<unknown>, watch);
  if (Symbol.iterator in Object(items)) return watchedSync(items as Iterable<unknown>, watch);
  return items;
}

function watchedAsync(items: AsyncIterable<unknown>, watch: (step: Step) => Step): AsyncIterable<unknown> {
  return {
    [Symbol.asyncIterator]() {
      const iterator = items[Symbol.asyncIterator]();
      return {
        next: async () => watch(await iterator.next()),
        return: async () => (await iterator.return?.()) ?? { done: true, value: undefined },
      };
    },
  };
}

function watchedSync(items: Iterable<unknown>, watch: (step: Step) => Step): Iterable<unknown> {
  return {
    [Symbol.iterator]() {
      const iterator = items[Symbol.iterator]();
      return {
        next: () => watch(iterator.next()),
        return: () => iterator.return?.() ?? { done: true, value: undefined },
      };
    },
  };
}
