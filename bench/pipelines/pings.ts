import { setTimeout as pause } from 'node:timers/promises';
import { definePipeline, discard } from 'millrace';
import { leaveNumbers, nowNs } from '../marks.ts';

const count = Number(process.env['BENCH_ITEMS']);
const everyMs = 20;

/** An item every 20 ms through an otherwise idle pipeline: how long each takes from `yield` to `process`. */
export default definePipeline({
  name: 'pings',
  async *source() {
    for (let i = 0; i < count; i++) {
      await pause(everyMs);
      yield { at: nowNs() };
    }
  },
  setup: () => ({ latencies: [] as number[] }),
  process({ at }, { resources }) {
    resources.latencies.push(nowNs() - at);
  },
  teardown: ({ latencies }) => leaveNumbers('latencies', latencies),
  sink: discard(),
});
