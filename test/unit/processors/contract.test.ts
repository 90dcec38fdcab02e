import { describe, expect, it } from '@jest/globals';
import { processorContract } from '../../../src/processors/contract.ts';
import type { OpenProcessor, SlotContext } from '../../../src/processors/port.ts';
import { AProcessor } from '../../support/a-processor.ts';

type Change = (open: OpenProcessor<unknown>, context: SlotContext, made: AProcessor) => object;

/** The names of the cases that fail for a processor whose open processors are changed in this way. */
async function failedBy(change: Change): Promise<string[]> {
  const failed: string[] = [];
  for (const { name, run } of processorContract({ breaks: true })) {
    const made = new AProcessor();
    const open = async (context: SlotContext): Promise<OpenProcessor<unknown>> => {
      const opened = await made.processor.open(context);
      return Object.create(opened, Object.getOwnPropertyDescriptors(change(opened, context, made))) as typeof opened;
    };
    const subject = {
      processor: { ...made.processor, open },
      examples: [1, 2, 3].map((item) => ({ item, result: item * 2 })),
      badItem: 'bad',
      slowItem: 'slow',
      breakLast: () => made.breakLast(),
      openCount: () => made.open.size,
    };
    await run(() => subject).catch(() => failed.push(name));
  }
  return failed;
}

describe('the contract of processors', () => {
  it('accepts a processor that keeps every promise', async () => {
    expect(await failedBy(() => ({}))).toEqual([]);
  });

  let last: unknown;
  it.each<[string, string, Change]>([
    [
      'gives the result of another item',
      'runs one item in each slot at a time, and mixes nothing up',
      (open) => ({
        run: async (item: unknown, context: never) => {
          last = item;
          await Promise.resolve();
          return await open.run(last, context);
        },
      }),
    ],
    [
      'succeeds with everything',
      'fails an item with an error, and the slot runs the next one',
      (open) => ({
        run: async (item: unknown, context: never) => {
          try {
            return await open.run(item, context);
          } catch {
            return undefined;
          }
        },
      }),
    ],
    [
      'never reports that it is broken',
      'that is broken says so by the end of its next item at the latest',
      () => ({ isBroken: false }),
    ],
    [
      'reports that it is broken when it is opened',
      'releases everything when it is closed, whether or not it has run an item, and can be opened again',
      () => ({ isBroken: true }),
    ],
    [
      'stops working when another one breaks',
      'that breaks in one slot keeps running in the others',
      (_open, _context, made) => ({
        get isBroken() {
          return made.opened.some(({ isBroken }) => isBroken);
        },
      }),
    ],
    [
      'cannot be closed',
      'releases everything when it is closed, whether or not it has run an item, and can be opened again',
      () => ({ close: () => Promise.reject(new Error('busy')) }),
    ],
  ])('refuses a processor that %s', async (_, name, change) => {
    expect(await failedBy(change)).toContain(name);
  });
});
