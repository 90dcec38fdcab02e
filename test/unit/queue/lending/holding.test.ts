import { describe, expect, it } from '@jest/globals';
import { Intervals } from '../../../../src/core/intervals.ts';
import { Holding, type Lent } from '../../../../src/queue/lending/holding.ts';

function lent(
  holding: Holding,
  from: number,
  to: number,
  attempt?: number,
  mode: Lent['mode'] = 'together',
  free = 0,
): Lent {
  const head = { seq: from, origin: from, dueAt: 0, delayMs: 0, attempt: attempt ?? 1, kills: 0, ownFault: 0 };
  const frame = { first: 1, count: 100, bytes: 1000, settled: new Intervals() };
  const delivery: Lent = {
    mode,
    lot: 'usual',
    from,
    to,
    bytes: (to - from + 1) * 10,
    mark: holding.sizing.lent(0),
    origin: attempt === undefined ? { kind: 'frame', frame } : { kind: 'retry', head },
  };
  holding.give(delivery, free);
  return delivery;
}

describe('a holding', () => {
  it('returns items in the parts in which they were lent, and only items that it holds', () => {
    const holding = new Holding(2);
    const first = lent(holding, 1, 4);
    const second = lent(holding, 8, 9);
    expect(holding.take(3, 20, 0)).toEqual([
      { lent: first, from: 3, to: 4 },
      { lent: second, from: 8, to: 9 },
    ]);
    expect(holding.count).toBe(2);
    expect(holding.take(3, 20, 0)).toEqual([]);
    expect(holding.take(2, 2, 0)).toEqual([{ lent: first, from: 2, to: 2 }]);
    expect(holding.takeAll(0)).toEqual([{ lent: first, from: 1, to: 1 }]);
    expect([holding.count, holding.bytes]).toEqual([0, 0]);
  });

  it('counts the bytes of a delivery until its last item is settled', () => {
    const holding = new Holding(2);
    lent(holding, 1, 4);
    lent(holding, 5, 5);
    expect(holding.bytes).toBe(50);
    holding.take(1, 3, 0);
    expect(holding.bytes).toBe(50);
    holding.take(4, 5, 0);
    expect(holding.bytes).toBe(0);
  });

  it('contains an item once, as it was last lent, if the item is lent again before the rest of its delivery is settled', () => {
    const holding = new Holding(2);
    const first = lent(holding, 1, 4);
    expect(holding.take(2, 2, 0)).toHaveLength(1);
    const retry = lent(holding, 2, 2, 2);
    expect(holding.find(2)).toBe(retry);
    expect(holding.find(3)).toBe(first);
    expect(holding.take(1, 4, 0)).toEqual([
      { lent: first, from: 1, to: 1 },
      { lent: first, from: 3, to: 4 },
      { lent: retry, from: 2, to: 2 },
    ]);
    expect(holding.count).toBe(0);
  });

  it('knows which items its consumer may have started: free or announced items that are not settled', () => {
    const holding = new Holding(3);
    lent(holding, 1, 9, undefined, 'together', 2);
    expect([[...holding.started], holding.free]).toEqual([[[1, 2]], 1]);
    expect(holding.announce(3, 5)).toBe(0);
    expect([[...holding.started], holding.free]).toEqual([[[1, 5]], 0]);
    holding.take(1, 3, 0);
    expect([[...holding.started], holding.free]).toEqual([[[4, 5]], 1]);
    expect(holding.announce(8, 11)).toBe(2);
    expect([...holding.started]).toEqual([
      [4, 5],
      [8, 9],
    ]);
    holding.takeAll(0);
    expect([...holding.started]).toEqual([]);
  });

  it('knows which item its consumer last began to run alone, until that item is settled', () => {
    const holding = new Holding(2);
    lent(holding, 1, 2);
    holding.announce(1, 1);
    expect([holding.isAlone, holding.running]).toEqual([false, undefined]);
    lent(holding, 5, 8, undefined, 'alone');
    expect([holding.isAlone, holding.announce(5, 5), holding.announce(6, 6)]).toEqual([true, 0, 0]);
    expect(holding.running).toBe(6);
    holding.take(5, 5, 0);
    expect(holding.running).toBe(6);
    holding.take(6, 6, 0);
    expect([holding.running, holding.isAlone]).toEqual([undefined, true]);
    holding.announce(7, 7);
    holding.announce(8, 8);
    holding.take(8, 8, 0);
    expect([holding.running, [...holding.started]]).toEqual([
      undefined,
      [
        [1, 1],
        [7, 7],
      ],
    ]);
    holding.take(7, 7, 0);
    expect([holding.running, holding.isAlone]).toEqual([undefined, false]);
  });

  it('does not contain items that were not lent', () => {
    const holding = new Holding(2);
    lent(holding, 1, 4);
    holding.take(2, 2, 0);
    expect([holding.find(2), holding.find(5)]).toEqual([undefined, undefined]);
  });

  it('sizes the next deliveries by the deliveries that were completely settled', () => {
    const holding = new Holding(2);
    lent(holding, 1, 100);
    holding.take(1, 99, 10);
    expect(holding.sizing.allowance).toBe(2);
    holding.take(100, 100, 10);
    expect(holding.sizing.allowance).toBe(4);
  });
});
