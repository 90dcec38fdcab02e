import { setTimeout as pause } from 'node:timers/promises';
import { definePipeline, discard } from 'millrace';
import { items } from '../items.ts';

const count = Number(process.env['BENCH_ITEMS']);

/** Items that come fast and go slowly, so that they pile up in the queue. */
export default definePipeline({
  name: 'backlog',
  *source() {
    yield* items(count);
  },
  async process(_item, { signal }) {
    await pause(1000, undefined, { signal });
  },
  sink: discard(),
});
