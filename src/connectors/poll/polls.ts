import { pause } from '../../core/clock.ts';
import type { ItemChunk, OpenContext } from '../../sources/port.ts';
import type { PollSettings } from './options.ts';
import { pollOnce } from './poll-once.ts';
import { Progress, usersCursor } from './progress.ts';

/** Polls until the service is stopped. */
export async function* polls({ everyMs, read }: PollSettings, context: OpenContext): AsyncGenerator<ItemChunk> {
  const { clock, signal, run, params, fetch, limit, log } = context;
  const given = { signal, run, params, fetch, limit, log, previous: usersCursor(context.previous) };
  const progress = new Progress(context.cursor);
  while (!signal.aborted) {
    const nextAt = clock.now() + everyMs;
    yield* pollOnce(read, given, progress);
    const left = nextAt - clock.now();
    if (left > 0) await pause(clock, left, signal);
    // The queue may have filled up meanwhile. The next chunk, and so the next poll, waits until it has space again.
    yield { items: [] };
  }
}
