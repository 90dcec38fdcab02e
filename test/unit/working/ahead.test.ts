import { describe, expect, it } from '@jest/globals';
import { Ahead } from '../../../src/working/ahead.ts';

/** How many items are announced each time by a consumer that needs `itemMs` for each. */
function sizes(ahead: Ahead, { itemMs, times, from = 0 }: { itemMs: number; times: number; from?: number }): number[] {
  let now = from;
  return Array.from({ length: times }, () => {
    const size = ahead.size(now);
    ahead.announced(size, now);
    now += size * itemMs;
    return size;
  });
}

describe('the number of items that a consumer announces before it starts them', () => {
  it('is one at a time while items are slow', () => {
    expect(sizes(new Ahead(), { itemMs: 20, times: 4 })).toEqual([1, 1, 1, 1]);
  });

  it('grows to about 10 ms of work while items are fast, and shrinks when they become slow', () => {
    const ahead = new Ahead();
    const fast = sizes(ahead, { itemMs: 0.01, times: 14 });
    expect(fast.slice(0, 5)).toEqual([1, 2, 4, 8, 16]);
    expect(fast.at(-1)).toBe(1000);
    expect(sizes(ahead, { itemMs: 500, times: 12, from: 1e6 }).at(-1)).toBe(1);
  });
});
