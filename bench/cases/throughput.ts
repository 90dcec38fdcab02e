import type { Comparison } from '../measure/comparison.ts';
import { processTree } from '../measure/process-tree.ts';
import type { Run, Stage } from '../stage.ts';

/** From the first `yield` to the end of the last process, when everything is settled. */
export function secondsOf(run: Run): number {
  return (run.exitedNs - run.mark('first-yield')) / 1e9;
}

/** The processes of a pipeline, and of the floor, by their command lines. */
const roles = {
  supervisor: /^(?!.*[ /](producer|consumer))/,
  producer: /[ /]producer/,
  consumers: /[ /]consumer/,
};
const parts = { all: /./, ...roles };

/** Resident memory, in MiB, of each role's processes now. */
export function memoryNow(supervisor: number): [role: string, mebibytes: number[]][] {
  const tree = processTree(supervisor);
  return Object.entries(roles).map(([role, pattern]) => {
    const some = tree.filter(({ commandLine }) => pattern.test(commandLine));
    return [role, some.map(({ rssMiB }) => rssMiB)];
  });
}

interface Runs {
  product: Run[];
  floor: Run[];
}

export function compareItemsPerSecond(what: string, items: number, runs: Runs): Comparison {
  const figures = (some: Run[]): number[] => some.map((run) => items / secondsOf(run));
  return {
    what,
    unit: 'items/s',
    digits: 0,
    product: figures(runs.product),
    beside: { name: 'floor', values: figures(runs.floor) },
  };
}

/**
 * The comparisons of runs that move the same items. CPU time is shown as well as items per second, because other
 * work on the machine affects it much less.
 */
export function compareThroughput(what: string, items: number, runs: Runs): Comparison[] {
  const compared = (name: string, unit: string, digits: number, figure: (run: Run) => number): Comparison => ({
    what: name,
    unit,
    digits,
    product: runs.product.map(figure),
    beside: { name: 'floor', values: runs.floor.map(figure) },
  });
  return [
    compareItemsPerSecond(what, items, runs),
    ...Object.entries(parts).map(([part, pattern]) =>
      compared(`${what}: processor, ${part}`, 'µs/item', 2, (run) => (cpuMs(run, pattern) / items) * 1000),
    ),
    compared(`${what}: supervisor's peak`, 'MiB', 0, supervisorPeakMiB),
  ];
}

/** CPU time of the processes with such a command line, from the first `yield` on. Their start does not count. */
function cpuMs(run: Run, commandLine: RegExp): number {
  const before = run.cpuMsAt(run.mark('first-yield'));
  const some = run.processes.filter((use) => commandLine.test(use.commandLine));
  return some.reduce((sum, use) => sum + use.cpuMs - (before.get(use.pid) ?? 0), 0);
}

/** The process that was started first. */
function supervisorPeakMiB({ processes }: Run): number {
  return processes[0]?.peakRssMiB ?? Number.NaN;
}

/** Environment of the pipelines that yield `items`, when they have two consumers. */
export function itemsOf(items: number): { env: Record<string, string> } {
  return { env: { BENCH_ITEMS: String(items), BENCH_CONSUMERS: '2' } };
}

/**
 * An extra run that is not counted, so that in every round the files have been read before and the pipeline has been
 * translated.
 */
export const warmUpItems = 1000;

export const twoConsumers = ['--consumers', '2'] as const;

export type BenchCase = (stage: Stage) => Promise<Comparison[]>;
