import type { Comparison } from '../measure/comparison.ts';
import { alternate } from '../measure/rounds.ts';
import type { Stage } from '../stage.ts';
import type { VendorLoad } from '../vendor.ts';
import { withVendor } from './calls.ts';
import { type BenchCase } from './throughput.ts';

const consumers = 2;
const loads: readonly (VendorLoad & { slotsPerConsumer: number })[] = [
  { calls: 151, latencyMs: 100, concurrency: 10, slotsPerConsumer: 12 },
  { calls: 2000, latencyMs: 20, concurrency: 50, slotsPerConsumer: 50 },
  // The same when the time is spent in the vendor, and not in the processor.
  { calls: 2000, latencyMs: 100, concurrency: 50, slotsPerConsumer: 50 },
];

/**
 * Calls to a slow vendor under a limit, with more slots than the limit allows: seconds from the first call to the last
 * answer.
 */
export const limit: BenchCase = async (stage) => {
  const comparisons: Comparison[] = [];
  for (const load of loads) comparisons.push(...(await underLoad(stage, load)));
  return comparisons;
};

async function underLoad(stage: Stage, load: (typeof loads)[number]): Promise<Comparison[]> {
  const { calls, latencyMs, concurrency, slotsPerConsumer } = load;
  const flags = ['--consumers', String(consumers), '--concurrency', String(slotsPerConsumer)];
  const slots = { BENCH_SLOTS: String(consumers * slotsPerConsumer) };
  const seen = await alternate(stage.rounds, {
    product: () => withVendor(load, (env) => stage.millrace('calls', flags, { env })),
    program: () => withVendor(load, (env) => stage.program('calls', { env: { ...env, ...slots } })),
  });
  const what = `${calls} calls of ${latencyMs} ms, ${concurrency} at a time`;
  const least = (Math.ceil(calls / concurrency) * latencyMs) / 1000;
  const product = seen.product.map(({ busyMs }) => busyMs / 1000);
  const figure = { what, unit: 's', digits: 2, product };
  return [
    { ...figure, beside: { name: 'one program', values: seen.program.map(({ busyMs }) => busyMs / 1000) } },
    { ...figure, beside: { name: 'theory', values: product.map(() => least) } },
    {
      what: `${what}: most in flight, counted by the vendor`,
      unit: 'calls',
      digits: 0,
      product: seen.product.map(({ mostInFlight }) => mostInFlight),
      beside: { name: 'one program', values: seen.program.map(({ mostInFlight }) => mostInFlight) },
    },
  ];
}
