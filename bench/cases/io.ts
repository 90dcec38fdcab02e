import { alternate } from '../measure/rounds.ts';
import { withVendor } from './calls.ts';
import { twoConsumers, type BenchCase } from './throughput.ts';

const load = { calls: 160, latencyMs: 200, concurrency: 160 };

/**
 * Calls without a limit, as many at a time as two consumers have slots by default, compared with one after the other.
 */
export const io: BenchCase = async (stage) => {
  // Its half a minute is the vendor's time and is the same in each round, so it is measured once.
  const { busyMs } = await withVendor(load, (env) => stage.program('calls', { env: { ...env, BENCH_SLOTS: '1' } }));
  const runs = await alternate(stage.rounds, {
    product: () => withVendor(load, (env) => stage.millrace('io', twoConsumers, { env })),
  });
  return [
    {
      what: `${load.calls} calls of ${load.latencyMs} ms, no limit, 32 slots`,
      unit: 's',
      digits: 2,
      product: runs.product.map((stats) => stats.busyMs / 1000),
      beside: { name: 'one after the other', values: runs.product.map(() => busyMs / 1000) },
    },
  ];
};
