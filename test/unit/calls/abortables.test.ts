import { describe, expect, it } from '@jest/globals';
import { Abortables } from '../../../src/calls/abortables.ts';

describe('what an item has open', () => {
  it('is aborted when the item ends, with the reason of the first end', () => {
    const abortables = new Abortables();
    const [first, second] = [abortables.begin(), abortables.begin()];
    expect(abortables.ended).toBeUndefined();
    abortables.abortAll('the time is over');
    abortables.abortAll('settled');
    expect([first.signal.reason, second.signal.reason]).toEqual(['the time is over', 'the time is over']);
    expect(abortables.ended).toEqual({ reason: 'the time is over' });
  });

  it('is left alone once it is done', () => {
    const abortables = new Abortables();
    const user = new AbortController();
    const { signal, done } = abortables.begin(user.signal);
    done();
    done();
    user.abort('no longer wanted');
    abortables.abortAll('settled');
    expect(signal.aborted).toBe(false);
  });

  it('is aborted by the user, or by itself, alone', () => {
    const abortables = new Abortables();
    const user = new AbortController();
    const [first, second, third] = [abortables.begin(user.signal), abortables.begin(), abortables.begin()];
    user.abort('no longer wanted');
    second.abort('too slow');
    expect([first, second, third].map(({ signal }) => signal.reason as unknown)).toEqual([
      'no longer wanted',
      'too slow',
      undefined,
    ]);
  });

  it('is aborted from the start after the end, or with a signal that has aborted', () => {
    const abortables = new Abortables();
    expect(abortables.begin(AbortSignal.abort('no longer wanted')).signal.reason).toBe('no longer wanted');
    abortables.abortAll('settled');
    expect(abortables.begin().signal.reason).toBe('settled');
  });
});
