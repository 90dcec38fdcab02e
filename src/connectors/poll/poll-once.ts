import { cursorText } from '../../core/cursor-text.ts';
import type { ItemChunk } from '../../sources/port.ts';
import type { SourceContext } from '../../pipeline/context.ts';
import type { PollSettings } from './options.ts';
import { checkedPolled } from './polled.ts';
import type { Progress } from './progress.ts';

/**
 * One poll. A cursor is reported with the last item that it covers or after it, never before it: so what is stored is
 * never less than what the stored cursor covers.
 */
export async function* pollOnce(
  read: PollSettings['read'],
  context: Omit<SourceContext, 'cursor' | 'checkpoint'>,
  progress: Progress,
): AsyncGenerator<ItemChunk> {
  let isOver = false;
  let isCovered = false;
  const checkpoint = (cursor: unknown): void => {
    if (isOver) throw new Error('checkpoint was called after its poll had ended; await whatever calls it');
    progress.reach(cursorText(cursor));
    isCovered = true;
  };
  try {
    const polled = checkedPolled(await read({ ...context, cursor: progress.cursor, checkpoint }));
    if (polled.kind === 'page') {
      if (polled.cursor !== undefined) progress.reach(polled.cursor);
      yield* reported(progress, polled.items);
      return;
    }
    // What was covered before `read` returned the items can only be all of them, which is reported at the end.
    isCovered = false;
    for await (const item of polled.feed) {
      if (isCovered) yield* reported(progress);
      isCovered = false;
      progress.passItem();
      yield { items: [item] };
    }
    yield* reported(progress);
  } finally {
    isOver = true;
  }
}

/** A chunk of `items` with the cursor after them; none if there is nothing to report. */
function* reported(progress: Progress, items: readonly unknown[] = []): Generator<ItemChunk> {
  if (items.length > 0) progress.passItem();
  const cursor = progress.report();
  if (cursor !== undefined) yield { items, cursor };
}
