import type { ItemBytes } from '../items.ts';
import type { Comparison } from '../measure/comparison.ts';
import { alternate } from '../measure/rounds.ts';
import type { Stage } from '../stage.ts';
import {
  compareItemsPerSecond,
  compareThroughput,
  itemsOf,
  twoConsumers,
  warmUpItems,
  type BenchCase,
} from './throughput.ts';

interface Load {
  bytes: ItemBytes;
  items: number;
  consumers: number;
}

const itemSizes: Record<ItemBytes, string> = { 200: '200 B', 2000: '2 kB' };
const consumerCounts = [1, 2, 4, 8];

/** As many items as a run of a few seconds moves. */
const loads: readonly Load[] = [
  ...consumerCounts.map((consumers) => ({ bytes: 200 as const, items: 1_000_000, consumers })),
  ...consumerCounts.map((consumers) => ({ bytes: 2000 as const, items: 100_000, consumers })),
];

/**
 * So many that the first second, in which everything is compiled, hardly counts. This case shows where the time goes.
 */
const longLoad: Load = { bytes: 200, items: 4_000_000, consumers: 2 };

/** Items per second through a `process` that does nothing, stored with `durability: full` on the way. */
export const handOff: BenchCase = async (stage) => {
  await stage.millrace('hand-off', twoConsumers, itemsOf(warmUpItems));
  const comparisons: Comparison[] = [];
  for (const load of loads) {
    const { items, runs } = await handedOff(stage, load);
    comparisons.push(compareItemsPerSecond(nameOf(load), items, runs));
  }
  const { items, runs } = await handedOff(stage, longLoad);
  return [...comparisons, ...compareThroughput(`${nameOf(longLoad)}, ${items / 1_000_000} M items`, items, runs)];
};

async function handedOff(stage: Stage, { bytes, items: most, consumers }: Load) {
  const items = stage.scaled(most);
  const env = { BENCH_ITEMS: String(items), BENCH_ITEM_BYTES: String(bytes), BENCH_CONSUMERS: String(consumers) };
  const runs = await alternate(stage.rounds, {
    product: () => stage.millrace('hand-off', ['--consumers', String(consumers)], { env }),
    floor: () => stage.floor({ source: { kind: 'items', count: items, bytes }, consumers, sink: { kind: 'discard' } }),
  });
  return { items, runs };
}

function nameOf({ bytes, consumers }: Load): string {
  return `hand-off, ${itemSizes[bytes]}, ${consumers} consumer${consumers === 1 ? '' : 's'}`;
}
