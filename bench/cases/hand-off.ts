import { alternate } from '../measure/rounds.ts';
import { compareThroughput, itemsOf, twoConsumers, warmUpItems, type BenchCase } from './throughput.ts';

/** Items a second through a process that does nothing, stored with `durability: full` on the way. */
export const handOff: BenchCase = async (stage) => {
  const count = stage.scaled(1_000_000);
  await stage.millrace('hand-off', twoConsumers, itemsOf(warmUpItems));
  const runs = await alternate(stage.rounds, {
    product: () => stage.millrace('hand-off', twoConsumers, itemsOf(count)),
    floor: () => stage.floor({ source: { kind: 'items', count }, sink: { kind: 'discard' } }),
  });
  return compareThroughput('hand-off', count, runs);
};
