import { definePipeline, to } from 'millrace';
import { pings } from '../items.ts';
import { consumersReady, leaveNumbers, leaveReady, nowNs } from '../marks.ts';

const { BENCH_ITEMS, BENCH_CONSUMERS } = process.env;

/** An item every 20 ms through an otherwise idle pipeline: how long each takes from `yield` to `process`. */
export default definePipeline({
  name: 'pings',
  source() {
    consumersReady(Number(BENCH_CONSUMERS));
    return pings(Number(BENCH_ITEMS));
  },
  setup() {
    leaveReady();
    return { latencies: [] as number[] };
  },
  process({ at, counts }, { resources }) {
    if (counts) resources.latencies.push(nowNs() - at);
  },
  teardown: ({ latencies }) => leaveNumbers('latencies', latencies),
  sink: to.discard(),
});
