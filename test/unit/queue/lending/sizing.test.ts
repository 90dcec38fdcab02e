import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Sizing } from '../../../../src/queue/lending/sizing.ts';

/**
 * A consumer that is lent as many items as its allowance permits, in one delivery after another, `items` in total, each
 * taking `itemMs` in one of its slots. Returns the allowance after each delivery.
 */
function allowances(
  sizing: Sizing,
  { slots, itemMs, items }: { slots: number; itemMs: number; items: number },
): number[] {
  const seen: number[] = [];
  let now = 0;
  for (let left = items; left > 0;) {
    const count = Math.min(sizing.allowance, left);
    const mark = sizing.lent(now);
    now += Math.ceil(count / slots) * itemMs;
    sizing.held(count);
    sizing.settled(count);
    sizing.completed(mark, now);
    left -= count;
    seen.push(sizing.allowance);
  }
  return seen;
}

const anySlots = fc.integer({ min: 1, max: 64 });

describe('a consumer’s allowance', () => {
  it('begins with one item for each of its slots', () => {
    expect(new Sizing(12).allowance).toBe(12);
  });

  it('never exceeds its slots while its items are slow', () => {
    fc.assert(
      fc.property(anySlots, fc.integer({ min: 76, max: 60_000 }), (slots, itemMs) => {
        const seen = allowances(new Sizing(slots), { slots, itemMs, items: slots * 20 });
        expect(Math.max(...seen)).toBe(slots);
      }),
    );
  });

  it('reaches about 75 ms of work while its items are fast, and stays there', () => {
    fc.assert(
      fc.property(
        anySlots,
        fc.integer({ min: 1, max: 2000 }).map((n) => n / 200),
        (slots, itemMs) => {
          const seen = allowances(new Sizing(slots), { slots, itemMs, items: 100_000 });
          // Whole rounds of all slots: the last one may be nearly empty.
          const rounds = 75 / itemMs;
          for (const allowance of seen.slice(-3, -1)) {
            expect(allowance).toBeLessThanOrEqual(Math.ceil((rounds + 1) * slots * 1.35));
            expect(allowance).toBeGreaterThanOrEqual(Math.min(Math.floor((rounds - 1) * slots * 0.74), 20_000));
          }
        },
      ),
    );
  });

  it('at most doubles with each delivery, so that the first items do not all go to the first consumer', () => {
    const seen = [8, ...allowances(new Sizing(8), { slots: 8, itemMs: 0.001, items: 1_000_000 })];
    seen.slice(1).forEach((allowance, i) => expect(allowance).toBeLessThanOrEqual(seen[i]! * 2));
    expect(Math.max(...seen)).toBeGreaterThan(10_000);
  });

  it('shrinks to the slots when items become slow', () => {
    const sizing = new Sizing(4);
    allowances(sizing, { slots: 4, itemMs: 0.1, items: 50_000 });
    expect(sizing.allowance).toBeGreaterThan(1000);
    const seen = allowances(sizing, { slots: 4, itemMs: 200, items: 30_000 });
    expect(seen.indexOf(4)).toBeLessThan(30);
    expect(seen.at(-1)).toBe(4);
  });

  it('grows, whatever the rate, while most slots have nothing to start', () => {
    const sizing = new Sizing(4);
    sizing.idle(3);
    expect(allowances(sizing, { slots: 4, itemMs: 500, items: 28 })).toEqual([8, 16, 32]);
    sizing.idle(2);
    expect(allowances(sizing, { slots: 4, itemMs: 500, items: 1 })).toEqual([24]);
  });

  it('does not grow while slots are empty because the queue is almost empty', () => {
    const sizing = new Sizing(4);
    for (let now = 0; now < 5_000_000; now += 1000) {
      const mark = sizing.lent(now);
      sizing.idle(4);
      sizing.held(1);
      sizing.settled(1);
      sizing.completed(mark, now + 500);
    }
    expect(sizing.allowance).toBe(4);
  });

  it('is one more than the number of items that can run at the same time if items block the event loop, once that is known', () => {
    const sizing = new Sizing(16);
    sizing.paced({ ran: 1, tookMs: 300, blockedMs: 300 });
    expect([sizing.lanes, sizing.allowance]).toEqual([1, 2]);
    const half = new Sizing(16);
    half.paced({ ran: 10, tookMs: 1000, blockedMs: 250 });
    expect([half.lanes, half.allowance]).toEqual([4, 5]);
  });

  it('is about 75 ms of work if items block for a few milliseconds', () => {
    const sizing = new Sizing(4);
    sizing.paced({ ran: 4, tookMs: 30, blockedMs: 30 });
    expect(allowances(sizing, { slots: 1, itemMs: 7.5, items: 200 }).at(-2)).toBe(10);
  });

  it('is not reduced for items that wait without blocking, or that block for less than 5 ms', () => {
    for (const pace of [
      { ran: 10, tookMs: 5000, blockedMs: 1 },
      { ran: 10, tookMs: 40, blockedMs: 40 },
    ]) {
      const sizing = new Sizing(16);
      sizing.paced(pace);
      expect([sizing.lanes, sizing.allowance]).toEqual([16, 16]);
    }
  });

  it('does not mistake the clock’s resolution for work', () => {
    const sizing = new Sizing(1);
    for (let i = 0; i < 60; i++) {
      const mark = sizing.lent(5);
      sizing.settled(1);
      sizing.completed(mark, 5);
    }
    expect(sizing.allowance).toBeLessThanOrEqual(1500);
  });
});

describe('the number of items that a consumer may start unannounced', () => {
  const unannounced = (pace?: { ran: number; tookMs: number; blockedMs: number }): number => {
    const sizing = new Sizing(16);
    if (pace) sizing.paced(pace);
    return sizing.unannounced;
  };

  it.each([
    ['the number of its slots before any item has ended', undefined, 16],
    ['the number of its slots if items take long', { ran: 10, tookMs: 5000, blockedMs: 1 }, 16],
    ['the number of its slots if items block for long', { ran: 10, tookMs: 3000, blockedMs: 3000 }, 16],
    ['75 ms of work in one slot if items are quick and block', { ran: 1000, tookMs: 500, blockedMs: 500 }, 150],
    ['75 ms of work in all slots if items are quick and wait', { ran: 1000, tookMs: 4000, blockedMs: 10 }, 300],
    ['bounded even if items take no measurable time', { ran: 1000, tookMs: 0, blockedMs: 0 }, 750_000],
  ])('is %s', (_, pace, most) => {
    expect(unannounced(pace)).toBe(most);
  });
});
