import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Throttle } from '../../../src/queue/throttle.ts';

const marks = { highItems: 100, lowItems: 50, highBytes: 1000, lowBytes: 400 };

describe('the throttle', () => {
  it.each([
    ['is raised at the high mark in items', [[100, 0]], ['raised']],
    ['is raised at the high mark in bytes', [[1, 1000]], ['raised']],
    ['is not raised just below both marks', [[99, 999]], ['unchanged']],
    [
      'does not change between the marks, whether the queue grows or shrinks',
      [
        [75, 700],
        [100, 0],
        [75, 700],
        [50, 401],
      ],
      ['unchanged', 'raised', 'unchanged', 'unchanged'],
    ],
    [
      'is lowered when the queue is back at both low marks',
      [
        [100, 1000],
        [50, 1000],
        [51, 400],
        [50, 400],
      ],
      ['raised', 'unchanged', 'unchanged', 'lowered'],
    ],
    [
      'is raised once, however far the queue grows beyond the mark',
      [
        [100, 0],
        [101, 0],
        [9999, 99_999],
      ],
      ['raised', 'unchanged', 'unchanged'],
    ],
  ] as const)('%s', (_, sizes, changes) => {
    const throttle = new Throttle(marks);
    expect(sizes.map(([items, bytes]) => throttle.update(items, bytes))).toEqual(changes);
  });

  it('changes only at a mark, alternately on and off, and is never on at both low-water marks or off at a high-water mark', () => {
    const size = fc.tuple(fc.nat(200), fc.nat(2000));
    fc.assert(
      fc.property(fc.array(size), (sizes) => {
        const throttle = new Throttle(marks);
        for (const [items, bytes] of sizes) {
          const before = throttle.isOn;
          const change = throttle.update(items, bytes);
          const isHigh = items >= marks.highItems || bytes >= marks.highBytes;
          const isLow = items <= marks.lowItems && bytes <= marks.lowBytes;
          expect(throttle.isOn).toBe(isHigh || (before && !isLow));
          expect(change).toBe(throttle.isOn === before ? 'unchanged' : throttle.isOn ? 'raised' : 'lowered');
        }
      }),
    );
  });
});
