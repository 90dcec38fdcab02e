import { describe, expect, it } from '@jest/globals';
import { Holding } from '../../../../src/queue/lending/holding.ts';
import type { Queue } from '../../../../src/queue/queue.ts';
import { recallUnstarted } from '../../../../src/queue/lending/recalling.ts';
import { aQueue } from '../../../support/a-queue.ts';
import { frameOf } from '../../../support/frames.ts';

/** A consumer with a number of slots, and the requests to give items back that it received. */
function aReceiver(slots: number, pace?: { took: number; blocked: number }) {
  const holding = new Holding(slots);
  if (pace) holding.sizing.paced({ ran: 1, tookMs: pace.took, blockedMs: pace.blocked });
  const asked: number[] = [];
  const recall = (items: number): void => {
    asked.push(items);
    holding.recalled();
  };
  return { holding, asked, recall, deliver: () => undefined };
}

const blocking = { took: 300, blocked: 300 };
const waiting = { took: 300, blocked: 0.1 };

function lend(queue: Queue, { holding }: ReturnType<typeof aReceiver>, items: number): void {
  queue.take(holding, { items, bytes: 1e6 }, { now: 0, wall: 0 });
}

function many(): Queue {
  return aQueue([frameOf(Array.from({ length: 50 }, (_, i) => i))]);
}

describe('an item that a busy consumer has not started', () => {
  it('is recalled for an idle consumer, together with half of the others, after a tenth of a second', () => {
    const queue = many();
    const [busy, idle] = [aReceiver(16, blocking), aReceiver(16, blocking)];
    lend(queue, busy, 12);
    expect(recallUnstarted([busy, idle], 99)).toBe(100);
    expect(busy.asked).toEqual([]);
    expect(recallUnstarted([busy, idle], 100)).toBeUndefined();
    expect([busy.asked, idle.asked]).toEqual([[6], []]);
  });

  it('is not recalled again before the answer or, if no item came back, before new items are lent', () => {
    const queue = many();
    const [busy, idle] = [aReceiver(16, blocking), aReceiver(16)];
    lend(queue, busy, 12);
    recallUnstarted([busy, idle], 100);
    recallUnstarted([busy, idle], 200);
    expect(busy.asked).toHaveLength(1);
    busy.holding.answered(0);
    recallUnstarted([busy, idle], 300);
    expect(busy.asked).toHaveLength(1);
    lend(queue, busy, 1);
    recallUnstarted([busy, idle], 300);
    expect(busy.asked).toHaveLength(2);
    busy.holding.answered(5);
    recallUnstarted([busy, idle], 300);
    expect(busy.asked).toHaveLength(3);
  });

  it.each<[string, Parameters<typeof aReceiver>, number, number]>([
    ['all of its items are in slots', [16, waiting], 16, 0],
    ['it has more items than slots', [4, waiting], 16, 8],
    ['none of its items has ended yet: it may be blocked', [16], 12, 6],
    ['it runs its only item', [16, blocking], 1, 0],
    ['it runs one item and has one more', [16, blocking], 2, 1],
  ])('is recalled according to how many items can run at a time: %s', (...row) => {
    const [, how, items, asked] = row;
    const queue = many();
    const [busy, idle] = [aReceiver(...how), aReceiver(16, waiting)];
    lend(queue, busy, items);
    recallUnstarted([busy, idle], 1000);
    expect(busy.asked).toEqual(asked === 0 ? [] : [asked]);
  });

  it('is not recalled while all consumers have enough to do', () => {
    const queue = many();
    const [busy, other] = [aReceiver(4, waiting), aReceiver(4, waiting)];
    lend(queue, busy, 16);
    lend(queue, other, 2);
    expect(recallUnstarted([busy, other], 1000)).toBeUndefined();
    expect(busy.asked).toEqual([]);
  });
});
