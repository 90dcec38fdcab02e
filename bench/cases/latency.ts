import type { Comparison } from '../measure/comparison.ts';
import { alternate } from '../measure/rounds.ts';
import { percentile } from '../measure/spread.ts';
import type { Run } from '../stage.ts';
import { itemsOf, twoConsumers, type BenchCase } from './throughput.ts';

/**
 * From `yield` to `process`, one item every 20 ms, after the processes have run for a while. Items are stored on disk
 * on the way.
 */
export const latency: BenchCase = async (stage) => {
  const count = stage.scaled(300);
  const runs = await alternate(stage.rounds, {
    product: () => stage.millrace('pings', twoConsumers, itemsOf(count)),
    floor: () => stage.floor({ source: { kind: 'pings', count }, consumers: 2, sink: { kind: 'discard' } }),
  });
  return [50, 99].map((percent): Comparison => {
    const ms = (run: Run): number => percentile(run.numbers('latencies'), percent) / 1e6;
    return {
      what: `latency, p${percent}`,
      unit: 'ms',
      digits: 2,
      product: runs.product.map(ms),
      beside: { name: 'floor', values: runs.floor.map(ms) },
    };
  });
};
