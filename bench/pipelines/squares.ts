import { definePipeline, to } from 'millrace';
import { consumersReady, leaveMark, leaveReady } from '../marks.ts';
import { squares, sumOfSquares } from '../sum-of-squares.ts';

const { BENCH_ITEMS, BENCH_CONSUMERS } = process.env;

/** Items that keep a core busy. */
export default definePipeline({
  name: 'squares',
  *source() {
    consumersReady(Number(BENCH_CONSUMERS));
    leaveMark('first-yield');
    for (let id = 1; id <= Number(BENCH_ITEMS); id++) yield id;
  },
  setup: leaveReady,
  process: () => ({ sum: sumOfSquares(squares) }),
  sink: to.discard(),
});
