import type { DeadLetter, DeadQuery } from '../../../src/core/dead-letters.ts';
import { describe, expect, it } from '@jest/globals';
import { deadPage } from '../../../src/control/dead-page.ts';

const error = { code: 'E', message: 'm' };

/** Letters with seqs from 1, and the limits of the queries for them. */
function letters(items: readonly unknown[]) {
  const all = items.map((item, i): DeadLetter => {
    return {
      seq: i + 1,
      run: 'r',
      origin: i + 1,
      attempts: 5,
      kills: 0,
      reason: 'r',
      error,
      history: [],
      item,
      diedAt: 0,
    };
  });
  const limits: number[] = [];
  const source = ({ limit, after }: DeadQuery): DeadLetter[] => {
    limits.push(limit);
    return all.filter(({ seq }) => seq > after).slice(0, limit);
  };
  return { all, limits, source };
}

describe('a page of dead letters', () => {
  it('has the requested letters, and the start of the next page', async () => {
    const { all, source } = letters(Array.from({ length: 300 }, (_, id) => ({ id })));
    expect(await deadPage({ limit: 100, after: 0 }, source)).toEqual({ letters: all.slice(0, 100), next: 100 });
    expect(await deadPage({ limit: 1000, after: 100 }, source)).toEqual({ letters: all.slice(100), next: null });
    expect(await deadPage({ limit: 10, after: 300 }, source)).toEqual({ letters: [], next: null });
  });

  it('is fetched in few steps if items are small, and one by one if they are large', async () => {
    const small = letters(Array.from({ length: 1000 }, (_, id) => ({ id })));
    await deadPage({ limit: 1000, after: 0 }, small.source);
    expect(small.limits.slice(0, 8)).toEqual([1, 2, 4, 8, 16, 32, 64, 64]);
    const large = letters(Array.from({ length: 5 }, () => 'x'.repeat(20_000)));
    await deadPage({ limit: 5, after: 0 }, large.source);
    expect(large.limits).toEqual([1, 1, 1, 1, 1]);
  });

  it('ends when its items become too large, and the next page continues from there', async () => {
    const { source } = letters(Array.from({ length: 500 }, () => 'x'.repeat(16_000)));
    const { letters: first, next } = await deadPage({ limit: 500, after: 0 }, source);
    expect(first.length).toBeLessThan(200);
    expect(next).toBe(first.length);
  });

  it('shows items that are not JSON, and cuts long ones', async () => {
    const { source } = letters([new Map([['a', 1n]]), { text: 'x'.repeat(20_000) }]);
    const { letters: shown } = await deadPage({ limit: 5, after: 0 }, source);
    expect(shown.map(({ item }) => item)).toEqual([
      { a: '1' },
      { cut: expect.stringMatching(/^\{"text":"x{16375}$/), characters: 20_011 },
    ]);
  });
});
