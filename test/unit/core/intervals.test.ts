import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Intervals, type Interval } from '../../../src/core/intervals.ts';

/** The numbers `from`…`to`. */
function numbers(from: number, to: number): number[] {
  return Array.from({ length: Math.max(to - from + 1, 0) }, (_, i) => from + i);
}

function members(intervals: Iterable<Interval>): number[] {
  return [...intervals].flatMap(([from, to]) => numbers(from, to));
}

const highest = 40;
const range = fc
  .tuple(fc.integer({ min: -3, max: highest }), fc.integer({ min: 0, max: 12 }))
  .map(([from, length]) => [from, from + length] as const);
const ranges = fc.array(range, { maxLength: 12 });

describe('a set of intervals', () => {
  it.each([
    ['apart from the others', [[1, 2]], [5, 6], 2, [1, 2, 5, 6]],
    ['right after the last', [[1, 2]], [3, 4], 2, [1, 4]],
    ['right before the first', [[3, 4]], [1, 2], 2, [1, 4]],
    [
      'between two that it joins',
      [
        [1, 2],
        [5, 6],
      ],
      [3, 4],
      2,
      [1, 6],
    ],
    [
      'over several',
      [
        [2, 3],
        [5, 6],
        [9, 9],
      ],
      [1, 8],
      4,
      [1, 9],
    ],
    ['inside of one', [[1, 9]], [3, 4], 0, [1, 9]],
    ['over part of one', [[1, 5]], [4, 7], 2, [1, 7]],
    ['that is empty', [[1, 5]], [9, 8], 0, [1, 5]],
  ] as const)('adds a run %s', (_, before, [from, to], added, after) => {
    const set = Intervals.of(...before);
    expect(set.add(from, to)).toBe(added);
    expect(set.toFlat()).toEqual(after);
  });

  it.each([
    ['the whole of one', [[1, 5]], [1, 5], 5, []],
    ['its beginning', [[1, 5]], [0, 2], 2, [3, 5]],
    ['its end', [[1, 5]], [4, 9], 2, [1, 3]],
    ['its middle', [[1, 5]], [3, 3], 1, [1, 2, 4, 5]],
    [
      'across several',
      [
        [1, 3],
        [5, 7],
        [9, 9],
      ],
      [3, 9],
      5,
      [1, 2],
    ],
    ['numbers that are not in it', [[1, 3]], [4, 9], 0, [1, 3]],
    ['an empty run', [[1, 9]], [5, 3], 0, [1, 9]],
  ] as const)('deletes %s', (_, before, [from, to], removed, after) => {
    const set = Intervals.of(...before);
    expect(set.delete(from, to)).toBe(removed);
    expect(set.toFlat()).toEqual(after);
  });

  it('agrees with an ordinary set of numbers, whatever is added and deleted', () => {
    const steps = fc.array(fc.tuple(fc.constantFrom('add' as const, 'delete' as const), range), { maxLength: 60 });
    fc.assert(
      fc.property(steps, (moves) => {
        const set = new Intervals();
        const model = new Set<number>();
        for (const [move, [from, to]] of moves) {
          const sizeBefore = model.size;
          for (const n of numbers(from, to)) model[move](n);
          expect(set[move](from, to)).toBe(Math.abs(model.size - sizeBefore));
          const sorted = [...model].toSorted((a, b) => a - b);
          expect(members(set)).toEqual(sorted);
          expect(set.size).toBe(model.size);
          expect(set.isEmpty).toBe(model.size === 0);
          expect(set.first).toBe(sorted[0]);
          expect(set.last).toBe(sorted.at(-1));
        }
      }),
    );
  });

  it('has only as many intervals as gaps require: disjoint, in order, never adjacent', () => {
    fc.assert(
      fc.property(ranges, (added) => {
        let previous = -Infinity;
        for (const [from, to] of Intervals.of(...added)) {
          expect(from).toBeGreaterThan(previous + 1);
          expect(to).toBeGreaterThanOrEqual(from);
          previous = to;
        }
      }),
    );
  });

  it('knows for every number whether it is in the set, and splits any range into the numbers inside and outside', () => {
    fc.assert(
      fc.property(ranges, range, (added, [from, to]) => {
        const set = Intervals.of(...added);
        const all = new Set(members(set));
        const asked = numbers(from, to);
        expect(asked.filter((n) => set.has(n))).toEqual(asked.filter((n) => all.has(n)));
        expect(members(set.within(from, to))).toEqual(asked.filter((n) => all.has(n)));
        expect(members(set.gaps(from, to))).toEqual(asked.filter((n) => !all.has(n)));
      }),
    );
  });

  it('has no numbers and no gaps within an empty range', () => {
    const set = Intervals.of([1, 10]);
    expect([...set.within(5, 3)]).toEqual([]);
    expect([...set.gaps(12, 11)]).toEqual([]);
  });

  it('is the same after a round trip through its flat form', () => {
    fc.assert(
      fc.property(ranges, (added) => {
        const set = Intervals.of(...added);
        expect([...Intervals.fromFlat(set.toFlat())]).toEqual([...set]);
      }),
    );
  });

  it('returns a flat form that does not change with the set', () => {
    const set = Intervals.of([1, 3]);
    const flat = set.toFlat();
    set.add(4, 9);
    expect(flat).toEqual([1, 3]);
  });

  it.each([
    ['an odd number of ends', [1, 2, 3]],
    ['a run that ends before it begins', [3, 2]],
    ['a fraction', [1, 2.5]],
    ['a value that is not a number', [1, Number.NaN]],
    ['runs out of order', [5, 6, 1, 2]],
    ['runs that overlap', [1, 5, 5, 7]],
  ])('refuses a flat form with %s', (_, flat) => {
    expect(() => Intervals.fromFlat(flat)).toThrow(TypeError);
  });
});
