import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { percentile, spread } from '../../../bench/measure/spread.ts';

describe('the summary of several measurements', () => {
  it.each([
    [[7], { median: 7, min: 7, max: 7 }],
    [[3, 1, 2], { median: 2, min: 1, max: 3 }],
    [[4, 1, 2, 3], { median: 2.5, min: 1, max: 4 }],
    [[10, 9, 100], { median: 10, min: 9, max: 100 }],
  ])('of %j is %j', (values, expected) => {
    expect(spread(values)).toEqual(expected);
  });

  it('gives the value that a percentage of the measurements does not exceed, interpolated between two of them', () => {
    const values = [0, 10, 20, 30, 40];
    expect([0, 25, 50, 90, 100].map((percent) => percentile(values, percent))).toEqual([0, 10, 20, 36, 40]);
  });

  it('does not depend on the order of the measurements, and does not change them', () => {
    fc.assert(
      fc.property(fc.array(fc.integer(), { minLength: 1 }), fc.integer({ min: 0, max: 100 }), (values, percent) => {
        const before = [...values];
        expect(percentile(values, percent)).toBe(percentile(values.toReversed(), percent));
        expect(values).toEqual(before);
      }),
    );
  });

  it('throws if there is no measurement', () => {
    expect(() => spread([])).toThrow(RangeError);
  });
});
