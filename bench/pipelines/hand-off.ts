import { definePipeline, discard } from 'millrace';
import { items } from '../items.ts';
import { leaveMark } from '../marks.ts';

const count = Number(process.env['BENCH_ITEMS']);

/** Many small items through a process that does nothing, to nowhere: what is left is the hand-over. */
export default definePipeline({
  name: 'hand-off',
  *source() {
    leaveMark('first-yield');
    yield* items(count);
  },
  process() {},
  sink: discard(),
});
