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

/** As many as a run of a few seconds moves. */
const counts: Record<ItemBytes, number> = { 200: 1_000_000, 2000: 100_000 };
const itemSizes: Record<ItemBytes, string> = { 200: '200 B', 2000: '2 kB' };
const consumerCounts = [1, 2, 4, 8];

/** Items a second through a process that does nothing, stored with `durability: full` on the way. */
export const handOff: BenchCase = async (stage) => {
  await stage.millrace('hand-off', twoConsumers, itemsOf(warmUpItems));
  const comparisons: Comparison[] = [];
  for (const bytes of [200, 2000] as const) {
    for (const consumers of consumerCounts) comparisons.push(...(await handedOff(stage, bytes, consumers)));
  }
  return comparisons;
};

async function handedOff(stage: Stage, bytes: ItemBytes, consumers: number): Promise<Comparison[]> {
  const count = stage.scaled(counts[bytes]);
  const env = { BENCH_ITEMS: String(count), BENCH_ITEM_BYTES: String(bytes), BENCH_CONSUMERS: String(consumers) };
  const runs = await alternate(stage.rounds, {
    product: () => stage.millrace('hand-off', ['--consumers', String(consumers)], { env }),
    floor: () => stage.floor({ source: { kind: 'items', count, bytes }, consumers, sink: { kind: 'discard' } }),
  });
  const what = `hand-off, ${itemSizes[bytes]}, ${consumers} consumer${consumers === 1 ? '' : 's'}`;
  // Where the time goes is shown once.
  const isMain = bytes === 200 && consumers === 2;
  return isMain ? compareThroughput(what, count, runs) : [compareItemsPerSecond(what, count, runs)];
}
