import { alternate } from '../measure/rounds.ts';
import type { Run } from '../stage.ts';
import { itemsOf, twoConsumers, type BenchCase } from './throughput.ts';

/** Items that keep a core busy, on two consumers, beside one program that does them one after the other. */
export const cpu: BenchCase = async (stage) => {
  const count = stage.scaled(40);
  const runs = await alternate(stage.rounds, {
    // One at a time in each consumer: a process that is busy cannot work on two.
    product: () => stage.millrace('squares', [...twoConsumers, '--concurrency', '1'], itemsOf(count)),
    sequential: () => stage.program('squares', itemsOf(count)),
  });
  const seconds = (run: Run): number => (run.exitedNs - run.mark('first-yield')) / 1e9;
  return [
    {
      what: `${count} sums of 100,000,000 squares, 2 consumers`,
      unit: 's',
      digits: 2,
      product: runs.product.map(seconds),
      beside: { name: 'sequential', values: runs.sequential.map(seconds) },
    },
    {
      what: `${count} sums: times as fast as sequential`,
      unit: '×',
      digits: 2,
      product: runs.product.map((run, round) => seconds(runs.sequential[round]!) / seconds(run)),
    },
  ];
};
