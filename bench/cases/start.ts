import { rmSync } from 'node:fs';
import type { Comparison } from '../measure/comparison.ts';
import { alternate } from '../measure/rounds.ts';
import type { Run } from '../stage.ts';
import { twoConsumers, type BenchCase } from './throughput.ts';

/**
 * From the command to the first item's `process`, with the translated pipeline cached by an earlier run, and without.
 */
export const start: BenchCase = async (stage) => {
  const once = (): Promise<Run> => stage.millrace('one-item', twoConsumers);
  await once();
  const runs = await alternate(stage.rounds, {
    warm: once,
    cold: () => {
      rmSync(stage.cacheDirectory, { recursive: true });
      return stage.millrace('one-item', twoConsumers);
    },
    node: () => stage.bareNode(),
  });
  const bare = runs.node.map((run) => (run.exitedNs - run.startedNs) / 1e6);
  const compared = (what: string, measured: readonly Run[]): Comparison => ({
    what,
    unit: 'ms',
    digits: 0,
    product: measured.map((run) => (run.mark('first-process') - run.startedNs) / 1e6),
    beside: { name: 'node -e 0', values: bare },
  });
  return [compared('start to first item, warm', runs.warm), compared('start to first item, cold', runs.cold)];
};
