import type { Comparison } from '../measure/comparison.ts';
import type { Run, Stage } from '../stage.ts';

/** Items a second from the first `yield` to the end of the last process: everything is settled then. */
function itemsPerSecond(items: number, run: Run): number {
  return items / ((run.exitedNs - run.mark('first-yield')) / 1e9);
}

/**
 * The comparisons of runs that move the same items. Processor time is shown beside items a second because what else the
 * machine does changes it much less.
 */
export function compareThroughput(what: string, items: number, runs: { product: Run[]; floor: Run[] }): Comparison[] {
  const { product, floor } = runs;
  const perItem = (run: Run): number => (cpuMs(run) / items) * 1000;
  return [
    {
      what,
      unit: 'items/s',
      digits: 0,
      product: product.map((run) => itemsPerSecond(items, run)),
      beside: { name: 'floor', values: floor.map((run) => itemsPerSecond(items, run)) },
    },
    {
      what: `${what}: processor`,
      unit: 'µs/item',
      digits: 2,
      product: product.map(perItem),
      beside: { name: 'floor', values: floor.map(perItem) },
    },
    {
      what: `${what}: supervisor's peak`,
      unit: 'MiB',
      digits: 0,
      product: product.map(supervisorPeakMiB),
      beside: { name: 'floor', values: floor.map(supervisorPeakMiB) },
    },
  ];
}

/** Of all processes together. */
function cpuMs(run: Run): number {
  return run.processes.reduce((sum, { cpuMs: used }) => sum + used, 0);
}

/** The process that was started first. */
export function supervisorPeakMiB({ processes }: Run): number {
  return processes[0]?.peakRssMiB ?? Number.NaN;
}

/** Environment of the pipelines that yield `items`. */
export function itemsOf(items: number): { env: Record<string, string> } {
  return { env: { BENCH_ITEMS: String(items) } };
}

export const twoConsumers = ['--consumers', '2'] as const;

export type BenchCase = (stage: Stage) => Promise<Comparison[]>;
