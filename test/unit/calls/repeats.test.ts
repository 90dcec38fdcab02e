import { describe, expect, it } from '@jest/globals';
import { Repeats } from '../../../src/calls/repeats.ts';
import { HandClock } from '../../support/hand-clock.ts';

function world() {
  const clock = new HandClock();
  const logged: [string, unknown][] = [];
  const repeats = new Repeats(clock, { info: (message, fields) => logged.push([message, fields]) });
  const begin = (what: string, tries = 1) => repeats.begin({ what, tries, most: 5, inMs: 3000 });
  return { clock, repeats, begin, logged };
}

describe('a call that waits to be repeated', () => {
  it('is shown with the last failure, the number of the next attempt, and its time', () => {
    const { clock, repeats, begin } = world();
    expect(repeats.waitingFor()).toBeNull();
    const over = begin('http://vendor answered 503', 2);
    clock.turn(1500);
    expect(repeats.waitingFor()).toBe('http://vendor answered 503, attempt 3 of 5 in 2s');
    const second = begin('http://vendor answered 500');
    begin('http://vendor answered 500');
    expect(repeats.waitingFor()).toBe('http://vendor answered 503, attempt 3 of 5 in 2s (and 2 more calls)');
    over();
    second();
    expect(repeats.waitingFor()).toBe('http://vendor answered 500, attempt 2 of 5 in 3s');
  });

  it('is logged at once if it is the first of its kind, and then once a minute with a count', () => {
    const { clock, begin, logged } = world();
    const fields = { tries: 1, of: 5, inMs: 3000 };
    for (let i = 0; i < 100; i++) begin('a');
    begin('b');
    expect(logged).toEqual([
      ['call will be repeated', { ...fields, what: 'a' }],
      ['call will be repeated', { ...fields, what: 'b' }],
    ]);
    clock.turn(60_000);
    begin('a');
    expect(logged.at(-1)).toEqual(['call will be repeated', { ...fields, what: 'a', repeated: 100 }]);
  });

  it('fills neither the log nor the memory if each call is of another kind', () => {
    const { clock, begin, logged } = world();
    for (let i = 0; i < 1000; i++) begin(`kind ${i}`);
    expect(logged).toHaveLength(50);
    clock.turn(60_000);
    begin('new');
    expect(logged).toHaveLength(51);
  });
});
