import { digestOf } from './canonical.ts';
import type { Point } from './faults.ts';
import type { ProducerEntry, Write } from './journal.ts';
import type { SourceContext } from '../pipeline/context.ts';
import type { PlainSource } from '../pipeline/types.ts';

type Step = IteratorResult<unknown>;

/**
 * A source that writes each item of `source` to the journal before it passes it on, with its place: the last cursor, and how
 * many items have been yielded since. A source that resumes from a cursor yields the same places again.
 */
export function watchedSource(
  source: PlainSource<unknown>,
  door: (point: Point) => void,
  open: () => Write<ProducerEntry>,
): (context: SourceContext) => Iterable<unknown> | AsyncIterable<unknown> {
  return (context) => {
    const write = open();
    let cursor = context.cursor === undefined ? '' : JSON.stringify(context.cursor);
    let count = 0;
    const checkpoint = (next: unknown): void => {
      context.checkpoint(next);
      cursor = JSON.stringify(next);
      count = 0;
    };
    const note = (step: Step): Step => {
      if (step.done === true) {
        write({ t: 'end' });
        door('source ended');
      } else {
        count += 1;
        write({ t: 'item', at: `${cursor}#${count}`, digest: digestOf(step.value) });
        door('item yielded');
      }
      return step;
    };
    const items = typeof source === 'function' ? source({ ...context, checkpoint }) : source;
    if (Symbol.asyncIterator in Object(items)) return watchedAsync(items as AsyncIterable<unknown>, note);
    if (Symbol.iterator in Object(items)) return watchedSync(items as Iterable<unknown>, note);
    // Not iterable: the producer reports that.
    return items;
  };
}

function watchedAsync(items: AsyncIterable<unknown>, note: (step: Step) => Step): AsyncIterable<unknown> {
  return {
    [Symbol.asyncIterator]() {
      const iterator = items[Symbol.asyncIterator]();
      return {
        next: async () => note(await iterator.next()),
        return: async () => (await iterator.return?.()) ?? { done: true, value: undefined },
      };
    },
  };
}

function watchedSync(items: Iterable<unknown>, note: (step: Step) => Step): Iterable<unknown> {
  return {
    [Symbol.iterator]() {
      const iterator = items[Symbol.iterator]();
      return {
        next: () => note(iterator.next()),
        return: () => iterator.return?.() ?? { done: true, value: undefined },
      };
    },
  };
}
