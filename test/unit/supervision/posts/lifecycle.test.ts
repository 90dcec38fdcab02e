import { describe, expect, it } from '@jest/globals';
import type { ChildState } from '../../../../src/observability/events.ts';
import { next, type LifeEvent } from '../../../../src/supervision/posts/lifecycle.ts';

const states: ChildState[] = ['starting', 'ready', 'draining', 'backoff', 'parked', 'stopped'];
const events: LifeEvent[] = ['start', 'ready', 'drain', 'crash', 'park', 'gone'];

/** Every valid transition, listed independently of the code; all others must throw. */
const possible = new Map<string, ChildState>([
  ['stopped start', 'starting'],
  ['stopped gone', 'stopped'],
  ['starting ready', 'ready'],
  ['starting drain', 'draining'],
  ['starting crash', 'backoff'],
  ['starting park', 'parked'],
  ['starting gone', 'stopped'],
  ['ready drain', 'draining'],
  ['ready crash', 'backoff'],
  ['ready park', 'parked'],
  ['ready gone', 'stopped'],
  ['draining drain', 'draining'],
  ['draining gone', 'stopped'],
  ['draining crash', 'backoff'],
  ['draining park', 'parked'],
  ['backoff start', 'starting'],
  ['backoff gone', 'stopped'],
  ['parked gone', 'stopped'],
]);

const pairs = states.flatMap((state) => events.map((event) => ({ state, event })));

describe('the life of a post', () => {
  it.each(pairs.filter(({ state, event }) => possible.has(`${state} ${event}`)))(
    'has a next state when it is $state and "$event" happens',
    ({ state, event }) => {
      expect(next(state, event)).toBe(possible.get(`${state} ${event}`));
    },
  );

  it.each(pairs.filter(({ state, event }) => !possible.has(`${state} ${event}`)))(
    'throws when it is $state and "$event" happens: that is a bug',
    ({ state, event }) => {
      expect(() => next(state, event)).toThrow(`a post that is ${state} cannot take "${event}"`);
    },
  );

  it('can always be brought to an end', () => {
    const canStop = (state: ChildState, seen: readonly ChildState[] = []): boolean =>
      state === 'stopped' ||
      events.some((event) => {
        const following = possible.get(`${state} ${event}`);
        return following !== undefined && !seen.includes(following) && canStop(following, [...seen, state]);
      });
    expect(states.filter((state) => !canStop(state))).toEqual([]);
  });
});
