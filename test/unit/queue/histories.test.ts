import { describe, expect, it } from '@jest/globals';
import { Histories } from '../../../src/queue/histories.ts';

describe('the history of an item', () => {
  it('is inherited if the item was stored before the start, and lost until it is settled if its consumer was lost', () => {
    const histories = new Histories(10);
    histories.lost(8, 11);
    expect([7, 8, 11, 12].map((seq) => histories.of(seq))).toEqual(['inherited', 'lost', 'lost', 'first']);
    histories.settled(8, 8);
    histories.settled(11, 11);
    expect([8, 9, 11].map((seq) => histories.of(seq))).toEqual(['inherited', 'lost', 'first']);
    histories.lost(12);
    expect(histories.of(12)).toBe('lost');
  });

  it('is reported with the number of items in a row that share it', () => {
    const histories = new Histories(10);
    histories.lost(4, 5);
    expect([histories.countSame(1, 20), histories.countSame(4, 20), histories.countSame(6, 20)]).toEqual([3, 2, 4]);
    expect([histories.countSame(10, 20), histories.countSame(2, 2)]).toEqual([11, 1]);
  });
});
