/** Runs the cases that are published for other people's processors on our own processors. */
import { describe, expect, it } from '@jest/globals';
import type { ProcessContext } from '../../src/pipeline/context.ts';
import { processorContract, type ProcessorFeatures, type ProcessorUnderTest } from '../../src/processors/contract.ts';
import { functionProcessor } from '../../src/processors/function.ts';
import { AProcessor } from '../support/a-processor.ts';
import { HandClock } from '../support/hand-clock.ts';

const doubles = [1, 2, 3, 4].map((item) => ({ item, result: item * 2 }));

const subjects: Record<string, [ProcessorFeatures, () => ProcessorUnderTest]> = {
  'a function': [
    { breaks: false },
    () => {
      const double = (item: unknown): number => {
        if (item === 'bad') throw new Error('bad');
        return Number(item) * 2;
      };
      return { processor: functionProcessor(double), examples: doubles, badItem: 'bad', clock: new HandClock() };
    },
  ],
  'an async function': [
    { breaks: false },
    () => {
      const double = async (item: unknown, { signal }: ProcessContext): Promise<number> => {
        if (item === 'slow') await new Promise((resolve) => signal.addEventListener('abort', resolve));
        signal.throwIfAborted();
        return await Promise.resolve(Number(item) * 2);
      };
      return { processor: functionProcessor(double), examples: doubles, slowItem: 'slow', clock: new HandClock() };
    },
  ],
  'a processor in memory that breaks': [
    { breaks: true },
    () => {
      const made = new AProcessor();
      return {
        processor: made.processor,
        examples: doubles,
        badItem: 'bad',
        slowItem: 'slow',
        breakLast: () => made.breakLast(),
        openCount: () => made.open.size,
        clock: new HandClock(),
      };
    },
  ],
};

describe.each(Object.entries(subjects))('%s', (_, [features, create]) => {
  it.each(processorContract(features).map(({ name, run }) => [name, run] as const))('%s', async (_name, run) => {
    await expect(run(create)).resolves.toBeUndefined();
  });
});
