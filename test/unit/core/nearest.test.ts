import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { didYouMean, editDistance, nearest } from '../../../src/core/nearest.ts';

const names = ['consumers', 'concurrency', 'queueHighItems', 'state', 'attempts'];

describe('the nearest name', () => {
  it.each([
    ['consumer', 'consumers'],
    ['consumres', 'consumers'],
    ['Consumers', 'consumers'],
    ['queue-high-items', 'queueHighItems'],
    ['queue-high-itmes', 'queueHighItems'],
    ['QUEUE_HIGH_ITEM', 'queueHighItems'],
    ['stat', 'state'],
    ['concurency', 'concurrency'],
  ])('to %s is %s', (name, expected) => {
    expect(nearest(name, names)).toBe(expected);
  });

  it.each(['workers', 'xxxx', '', 'st', 'items'])('to %j does not exist, because no name is similar', (name) => {
    expect(nearest(name, names)).toBeUndefined();
  });

  it('is the nearer of two candidates', () => {
    expect(nearest('rate', ['grate', 'rates', 'rate'])).toBe('rate');
  });

  it('is offered as a question', () => {
    expect(didYouMean('stat', names)).toBe('; did you mean "state"?');
    expect(didYouMean('xxxx', names)).toBe('');
  });
});

describe('the distance between two texts', () => {
  it('counts a swap of adjacent letters as one', () => {
    expect(editDistance('abcd', 'abdc')).toBe(1);
    expect(editDistance('', 'abc')).toBe(3);
  });

  it('is zero from a text to itself, the same in both directions, and at most the longer length', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 12 }), fc.string({ maxLength: 12 }), (a, b) => {
        expect(editDistance(a, a)).toBe(0);
        expect(editDistance(a, b)).toBe(editDistance(b, a));
        expect(editDistance(a, b)).toBeLessThanOrEqual(Math.max(a.length, b.length));
        expect(editDistance(a, b) === 0).toBe(a === b);
      }),
    );
  });
});
