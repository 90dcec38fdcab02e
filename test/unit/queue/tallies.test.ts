import { describe, expect, it } from '@jest/globals';
import { Tallies } from '../../../src/queue/tallies.ts';

const found = { items: 5, retrying: 2, bytes: 100 };

describe('tallies', () => {
  it('begin with what the store holds, none of it lent', () => {
    const tallies = new Tallies(found);
    expect(tallies.counts).toEqual({ open: 7, queued: 5, lent: 0, retrying: 2, unread: 0, bytes: 100 });
    expect(new Tallies({ items: 0, retrying: 0, bytes: 0 }).isEmpty).toBe(true);
  });

  it('follow an item through its life: appended, lent, waiting, due, lent, given back, lent, settled', () => {
    const tallies = new Tallies({ items: 0, retrying: 0, bytes: 0 });
    const seen: number[][] = [];
    const steps = [
      () => tallies.append(1, 10),
      () => tallies.lend(1),
      () => tallies.putOff(),
      () => tallies.fallDue(),
      () => tallies.lend(1),
      () => tallies.takeBack(1),
      () => tallies.lend(1),
      () => tallies.settle(1),
    ];
    for (const step of steps) {
      expect(tallies.isEmpty).toBe(seen.length === 0);
      step();
      const { queued, lent, retrying } = tallies.counts;
      seen.push([queued, lent, retrying]);
    }
    expect(seen).toEqual([
      [1, 0, 0],
      [0, 1, 0],
      [0, 0, 1],
      [1, 0, 0],
      [0, 1, 0],
      [1, 0, 0],
      [0, 1, 0],
      [0, 0, 0],
    ]);
    expect(tallies.isEmpty).toBe(true);
  });

  it('count a dead letter that is given back as waiting, and the bytes of everything stored and deleted', () => {
    const tallies = new Tallies(found);
    tallies.revive(7);
    tallies.addBytes(3);
    tallies.freeBytes(60);
    expect(tallies.counts).toEqual({ open: 8, queued: 5, lent: 0, retrying: 3, unread: 0, bytes: 50 });
  });
});
