import type { Comparison } from '../measure/comparison.ts';
import { alternate } from '../measure/rounds.ts';
import type { Run, Stage } from '../stage.ts';
import { startVendor } from '../vendor.ts';
import { type BenchCase } from './throughput.ts';

interface Load {
  calls: number;
  latencyMs: number;
  /** What the vendor takes at once: the limit. */
  concurrency: number;
  slotsPerConsumer: number;
}

const consumers = 2;
const loads: readonly Load[] = [
  { calls: 151, latencyMs: 100, concurrency: 10, slotsPerConsumer: 12 },
  { calls: 2000, latencyMs: 20, concurrency: 50, slotsPerConsumer: 50 },
];

/** Calls of a slow vendor with a limit, and more slots than it takes: seconds from the first call to the last answer. */
export const limit: BenchCase = async (stage) => {
  const comparisons: Comparison[] = [];
  for (const load of loads) comparisons.push(...(await underLoad(stage, load)));
  return comparisons;
};

async function underLoad(stage: Stage, load: Load): Promise<Comparison[]> {
  const { calls, latencyMs, concurrency, slotsPerConsumer } = load;
  const flags = ['--consumers', String(consumers), '--concurrency', String(slotsPerConsumer)];
  const seconds = await alternate(stage.rounds, {
    product: () => busySeconds(load, (env) => stage.millrace('calls', flags, { env })),
    program: () => busySeconds(load, (env) => stage.program('calls', { env })),
  });
  const what = `${calls} calls of ${latencyMs} ms, ${concurrency} at a time`;
  const least = (Math.ceil(calls / concurrency) * latencyMs) / 1000;
  const figure = { what, unit: 's', digits: 2, product: seconds.product };
  return [
    { ...figure, beside: { name: 'one program', values: seconds.program } },
    { ...figure, beside: { name: 'theory', values: seconds.product.map(() => least) } },
  ];
}

async function busySeconds(load: Load, run: (env: Record<string, string>) => Promise<Run>): Promise<number> {
  const { calls, concurrency, slotsPerConsumer } = load;
  const vendor = await startVendor({ ...load, count: calls });
  try {
    await run({
      BENCH_ITEMS: String(calls),
      BENCH_VENDOR: vendor.url,
      BENCH_CONCURRENCY: String(concurrency),
      BENCH_SLOTS: String(consumers * slotsPerConsumer),
    });
    const { busyMs, answered, refused, mostInFlight } = await vendor.stats();
    if (answered !== calls || refused > 0) {
      throw new Error(
        `expected ${calls} answers and no refusal, got ${answered}, ${refused} and ${mostInFlight} at once`,
      );
    }
    return busyMs / 1000;
  } finally {
    await vendor.stop();
  }
}
