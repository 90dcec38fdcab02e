import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Retries } from '../../../src/queue/retries.ts';
import type { ErrorData } from '../../../src/core/errors.ts';
import type { RetryHead } from '../../../src/queue/store.ts';

/** Keeps the heads of retries in the order in which they are due, and records how many were read at a time. */
class Heads {
  readonly asked: number[] = [];
  #heads: RetryHead[] = [];

  put(...heads: RetryHead[]): void {
    const seqs = new Set(heads.map(({ seq }) => seq));
    this.#heads = [...this.#heads.filter(({ seq }) => !seqs.has(seq)), ...heads].toSorted(
      (a, b) => a.dueAt - b.dueAt || a.seq - b.seq,
    );
  }

  drop(seqs: ReadonlySet<number>): void {
    this.#heads = this.#heads.filter(({ seq }) => !seqs.has(seq));
  }

  visitRetryErrors = (visit: (error: ErrorData) => void): void => {
    for (const { kind } of this.#heads) visit(errorOf(kind));
  };

  readRetryHead = (seq: number): RetryHead | undefined => this.#heads.find((other) => other.seq === seq);

  readRetryHeads = (limit: number): RetryHead[] => {
    this.asked.push(limit);
    return this.#heads.slice(0, limit);
  };
}

function head(seq: number, dueAt: number, delayMs = 1000): RetryHead {
  return { seq, origin: seq, dueAt, delayMs, attempt: 2, kills: 0, ownFault: 0 };
}

/** An error whose kind is `kind`. */
function errorOf(kind = 'E failed'): ErrorData {
  const [code = '', ...words] = kind.split(' ');
  return { code, message: words.join(' ') };
}

/** All retries that are due at a moment. */
function takeAll(retries: Retries, now: number, wall: number): number[] {
  const seqs: number[] = [];
  for (let next = retries.take(now, wall); next; next = retries.take(now, wall)) seqs.push(next.seq);
  return seqs;
}

describe('retries', () => {
  it('are taken when they are due, the soonest first', () => {
    const heads = new Heads();
    heads.put(head(1, 1300), head(2, 1100), head(3, 1200));
    const retries = new Retries(heads);
    expect(retries.nextDue(0, 1000)).toBe(100);
    expect(takeAll(retries, 99, 1099)).toEqual([]);
    expect(takeAll(retries, 200, 1200)).toEqual([2, 3]);
    expect(retries.nextDue(200, 1200)).toBe(300);
    expect(takeAll(retries, 300, 1300)).toEqual([1]);
    expect(retries.nextDue(300, 1300)).toBeUndefined();
  });

  it('that this process has set wait by the monotonic clock, even if the wall clock jumps', () => {
    const retries = new Retries(new Heads());
    expect(retries.nextDue(0, 1e12)).toBeUndefined();
    retries.add(head(1, 1e12 + 500, 500), 0, errorOf());
    expect(retries.nextDue(1, 2e12)).toBe(500);
    expect(takeAll(retries, 499, 2e12)).toEqual([]);
    expect(takeAll(retries, 500, 0)).toEqual([1]);
  });

  it.each([
    ['has advanced by the time that has passed', 1_000_400, 600],
    ['has jumped far ahead', 9_000_000, 0],
    ['has jumped far back', 1, 1000],
  ])('that an earlier process has set wait no longer than it intended if the wall clock %s', (_, wall, wait) => {
    const heads = new Heads();
    heads.put(head(1, 1_001_000, 1000));
    expect(new Retries(heads).nextDue(50, wall)).toBe(50 + wait);
  });

  it('are never lent twice, and never forgotten, wherever they wait', () => {
    const step = fc.record({
      kind: fc.constantFrom('set', 'set', 'take', 'settle', 'set again', 'wait'),
      n: fc.nat(40),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), fc.integer({ min: 1, max: 4 }), (steps, window) => {
        const heads = new Heads();
        const retries = new Retries(heads, window);
        const waiting = new Map<number, number>();
        const lent = new Set<number>();
        let now = 0;
        let nextSeq = 1;
        const set = (seq: number, delayMs: number): void => {
          heads.put(head(seq, now + delayMs, delayMs));
          retries.add(head(seq, now + delayMs, delayMs), now, errorOf());
          waiting.set(seq, now + delayMs);
        };
        for (const { kind, n } of steps) {
          const [one] = lent;
          if (kind === 'set') set(nextSeq++, n);
          if (kind === 'wait') now += n;
          const soonest = Math.min(...waiting.values());
          const taken = kind === 'take' ? retries.take(now, now) : undefined;
          expect(taken && waiting.get(taken.seq)).toBe(kind === 'take' && soonest <= now ? soonest : undefined);
          if (taken) {
            lent.add(taken.seq);
            waiting.delete(taken.seq);
          }
          if (one === undefined) continue;
          if (kind === 'settle') {
            heads.drop(new Set([one]));
            retries.gone(one);
            lent.delete(one);
          }
          if (kind === 'set again') {
            lent.delete(one);
            set(one, n);
          }
        }
        expect(takeAll(retries, now + 100, now + 100).toSorted((a, b) => a - b)).toEqual(
          [...waiting.keys()].toSorted((a, b) => a - b),
        );
      }),
      { numRuns: 300 },
    );
  });

  it('are read a thousand at a time, in the order in which they are due, even if there are a hundred thousand', () => {
    const count = 100_000;
    const heads = new Heads();
    heads.put(...Array.from({ length: count }, (_, i) => head(i + 1, (i * 7919) % count, 0)));
    const retries = new Retries(heads);
    const dueTimes: number[] = [];
    const settled = new Set<number>();
    for (let next = retries.take(count, count); next; next = retries.take(count, count)) {
      dueTimes.push(next.dueAt);
      retries.gone(next.seq);
      settled.add(next.seq);
      if (settled.size === 1000) heads.drop(settled);
      if (settled.size === 1000) settled.clear();
    }
    expect(dueTimes.length).toBe(count);
    expect(dueTimes.every((due, i) => due === i)).toBe(true);
    expect(Math.max(...heads.asked)).toBeLessThanOrEqual(1000);
    expect(heads.asked.length).toBeLessThanOrEqual(count / 1000 + 1);
  });
});

describe('the errors of waiting retries', () => {
  const waiting = (retries: Retries, now = 0, wall = 1000): unknown[] =>
    retries.errors(now, wall).map(({ code, items, due }) => [code, items, due]);

  it('are counted by kind, with the time when the first retry of each kind is due', () => {
    const retries = new Retries(new Heads());
    retries.peek(0, 1000);
    retries.add(head(1, 1000 + 500, 500), 0, errorOf('A down'));
    retries.add(head(2, 1000 + 300, 300), 0, errorOf('A down'));
    retries.add(head(3, 1000 + 400, 400), 0, errorOf('B bad'));
    expect(waiting(retries)).toEqual([
      ['A', 2, 300],
      ['B', 1, 400],
    ]);
    expect(takeAll(retries, 400, 1400)).toEqual([2, 3]);
    expect(waiting(retries)).toEqual([['A', 1, 500]]);
  });

  it('are counted again at a start, and the counts stay correct for retries that only the store remembers', () => {
    const heads = new Heads();
    const kinds = ['A down', 'B bad', 'C odd'];
    for (let seq = 1; seq <= 9; seq++) heads.put({ ...head(seq, 1000 + seq), kind: kinds[seq % 3]! });
    const retries = new Retries(heads, 2);
    expect(waiting(retries)).toEqual(expect.arrayContaining([['A', 3, null], ['B', 3, 1], ['C', 3, 2]])); // prettier-ignore
    expect(takeAll(retries, 5, 1005)).toEqual([1, 2, 3, 4, 5]);
    expect(waiting(retries, 5, 1005)).toEqual([['A', 2, 6], ['B', 1, null], ['C', 1, null]]); // prettier-ignore
    expect(takeAll(retries, 9, 1009)).toHaveLength(4);
    expect(waiting(retries, 9, 1009)).toEqual([]);
  });
});
