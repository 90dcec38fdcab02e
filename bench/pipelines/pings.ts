import { setTimeout as pause } from 'node:timers/promises';
import { definePipeline, discard } from 'millrace';
import { ping, warmUpPings } from '../items.ts';
import { consumersReady, leaveNumbers, leaveReady, nowNs } from '../marks.ts';

const { BENCH_ITEMS, BENCH_CONSUMERS } = process.env;
const everyMs = 20;

/** An item every 20 ms through an otherwise idle pipeline: how long each takes from `yield` to `process`. */
export default definePipeline({
  name: 'pings',
  async *source() {
    consumersReady(Number(BENCH_CONSUMERS));
    for (let i = 0; i < warmUpPings + Number(BENCH_ITEMS); i++) {
      await pause(everyMs);
      yield ping(i);
    }
  },
  setup() {
    leaveReady();
    return { latencies: [] as number[] };
  },
  process({ at, counts }, { resources }) {
    if (counts) resources.latencies.push(nowNs() - at);
  },
  teardown: ({ latencies }) => leaveNumbers('latencies', latencies),
  sink: discard(),
});
