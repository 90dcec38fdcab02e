import { once } from 'node:events';
import { definePipeline, to } from 'millrace';
import { items } from '../items.ts';

const isHeld = process.env['BENCH_HOLD'] !== undefined;
const checkpointEvery = 1000;

/** An endless source. With BENCH_HOLD the items stay in the queue, and the next start continues after them. */
export default definePipeline({
  name: 'deep',
  *source({ cursor, checkpoint }) {
    for (let last = Number(cursor ?? 0); ; last += checkpointEvery) {
      yield* items(last + checkpointEvery, 200, last);
      checkpoint(last + checkpointEvery);
    }
  },
  process: isHeld
    ? async (_item, { signal }) => {
        if (!signal.aborted) await once(signal, 'abort');
      }
    : () => undefined,
  sink: to.discard(),
});
