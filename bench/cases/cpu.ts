import { alternate } from '../measure/rounds.ts';
import { itemsOf, secondsOf, twoConsumers, type BenchCase } from './throughput.ts';

/** Items that keep a core busy, on two consumers, compared with one program that does them one after the other. */
export const cpu: BenchCase = async (stage) => {
  const count = stage.scaled(40);
  const runs = await alternate(stage.rounds, {
    // One at a time in each consumer: a process that is busy cannot work on two.
    product: () => stage.millrace('squares', [...twoConsumers, '--concurrency', '1'], itemsOf(count)),
    sequential: () => stage.program('squares', itemsOf(count)),
  });
  return [
    {
      what: `${count} sums of 100,000,000 squares, 2 consumers`,
      unit: 's',
      digits: 2,
      product: runs.product.map(secondsOf),
      beside: { name: 'sequential', values: runs.sequential.map(secondsOf) },
    },
    {
      what: `${count} sums: times as fast as sequential`,
      unit: '×',
      digits: 2,
      product: runs.product.map((run, round) => secondsOf(runs.sequential[round]!) / secondsOf(run)),
    },
  ];
};
