import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ErrorCounts } from '../../../src/queue/waiting-errors.ts';

const word = (n: number): string =>
  String(n)
    .split('')
    .map((digit) => 'abcdefghij'[Number(digit)])
    .join('');

describe('the errors of waiting items', () => {
  it('are counted by kind, each with its latest error, the most frequent kind first', () => {
    const counts = new ErrorCounts();
    counts.enter({ code: 'A', message: 'item 1 is bad' });
    counts.enter({ code: 'B', message: 'down', at: '/p.ts:1:2' });
    counts.enter({ code: 'B', message: 'down', at: '/p.ts:3:4' });
    const kind = counts.enter({ code: 'A', message: 'item 7 is bad' });
    counts.enter({ code: 'A', message: 'item 9 is bad' });
    expect(counts.list).toMatchObject([
      { items: 3, code: 'A', message: 'item 9 is bad', at: null },
      { items: 2, code: 'B', message: 'down', at: '/p.ts:3:4' },
    ]);
    for (let i = 0; i < 3; i++) counts.leave(kind);
    expect(counts.list).toMatchObject([{ items: 2, code: 'B' }]);
  });

  it('are counted in one shared group if their kind appeared after the limit on kinds was reached', () => {
    const counts = new ErrorCounts();
    for (let n = 0; n < 60; n++) counts.enter({ code: 'E', message: word(n) });
    expect(counts.list).toHaveLength(51);
    expect(counts.list.at(-1)).toMatchObject({ kind: null, items: 10, message: word(59) });
  });

  it('are counted correctly and in bounded memory, whichever errors come and go', () => {
    const step = fc.record({ enters: fc.boolean(), kind: fc.nat(80) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 600 }), (steps) => {
        const counts = new ErrorCounts();
        const waiting: string[] = [];
        for (const { enters, kind } of steps) {
          if (enters) waiting.push(counts.enter({ code: 'E', message: word(kind) }));
          else if (waiting.length > 0) counts.leave(waiting.splice(kind % waiting.length, 1)[0]!);
          const { list } = counts;
          expect(list.length).toBeLessThanOrEqual(51);
          expect(list.reduce((sum, { items }) => sum + items, 0)).toBe(waiting.length);
          for (const group of list) {
            expect(group.items).toBeGreaterThan(0);
            const alike = waiting.filter((other) => other === group.kind).length;
            expect(group.kind === null || group.items === alike).toBe(true);
          }
        }
      }),
    );
  });
});
