import { definePipeline, to } from 'millrace';
import { items, type ItemBytes } from '../items.ts';
import { consumersReady, leaveMark, leaveReady } from '../marks.ts';

const { BENCH_ITEMS, BENCH_ITEM_BYTES, BENCH_CONSUMERS } = process.env;

/** Many items through a `process` that does nothing, and discarded: only the hand-over remains. */
export default definePipeline({
  name: 'hand-off',
  source() {
    consumersReady(Number(BENCH_CONSUMERS));
    leaveMark('first-yield');
    return items(Number(BENCH_ITEMS), Number(BENCH_ITEM_BYTES ?? 200) as ItemBytes);
  },
  setup: leaveReady,
  process() {},
  sink: to.discard(),
});
