import { getEventListeners } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { Abortables } from '../../../src/calls/abortables.ts';

describe('an open call of an item', () => {
  it('is aborted when the item ends, with the reason for the first end', () => {
    const abortables = new Abortables();
    const [first, second] = [abortables.begin(), abortables.begin()];
    expect(abortables.ended).toBeUndefined();
    abortables.abortAll('the time is over');
    abortables.abortAll('settled');
    expect([first.signal.reason, second.signal.reason]).toEqual(['the time is over', 'the time is over']);
    expect(abortables.ended).toEqual({ reason: 'the time is over' });
  });

  it('is not aborted after it has completed', () => {
    const abortables = new Abortables();
    const user = new AbortController();
    const { signal, done } = abortables.begin(user.signal);
    done();
    done();
    user.abort('no longer wanted');
    abortables.abortAll('settled');
    expect(signal.aborted).toBe(false);
  });

  it('shares one listener on the user’s signal with all others, and removes it in the end', () => {
    const abortables = new Abortables();
    const user = new AbortController();
    const listeners = (): number => getEventListeners(user.signal, 'abort').length;
    const open = Array.from({ length: 60 }, () => abortables.begin(user.signal));
    expect(listeners()).toBe(1);
    for (const { done } of open.slice(1)) done();
    expect(listeners()).toBe(1);
    user.abort('no longer wanted');
    expect(open.filter(({ signal }) => signal.aborted)).toEqual([open[0]]);
    open[0]!.done();
    expect(listeners()).toBe(0);
  });

  it('is aborted separately by the user or by itself', () => {
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

  it('is aborted from the start if the item has ended or its signal has aborted', () => {
    const abortables = new Abortables();
    expect(abortables.begin(AbortSignal.abort('no longer wanted')).signal.reason).toBe('no longer wanted');
    abortables.abortAll('settled');
    expect(abortables.begin().signal.reason).toBe('settled');
  });
});
