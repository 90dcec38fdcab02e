import { describe, expect, it } from '@jest/globals';
import { cancellation, isCancellation } from '../../../src/core/cancellation.ts';

const ours = cancellation(new DOMException('the item is settled', 'AbortError'));

describe('an uncaught error', () => {
  it.each<[what: string, error: unknown, expected: boolean]>([
    ['is the cancellation', ours, true],
    ['was caused by the cancellation', new TypeError('terminated', { cause: ours }), true],
    ['collects only cancellations', new AggregateError([ours, new Error('', { cause: ours })]), true],
    ['collects another error, too', new AggregateError([ours, new Error('of the pipeline')]), false],
    ['collects nothing', new AggregateError([]), false],
    ['has the same message', new DOMException('the item is settled', 'AbortError'), false],
    ['is none', undefined, false],
    ['is a text', 'the item is settled', false],
  ])('comes from Millrace if it %s', (_, error, expected) => {
    expect(isCancellation(error)).toBe(expected);
  });

  it('may have itself as its cause, or a cause that cannot be read', () => {
    const circle = new Error('round');
    circle.cause = circle;
    const trap = Object.defineProperty(new Error('trap'), 'cause', {
      get: () => {
        throw new Error('not for you');
      },
    });
    expect([isCancellation(circle), isCancellation(trap)]).toEqual([false, false]);
  });
});
