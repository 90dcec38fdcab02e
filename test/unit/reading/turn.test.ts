import { describe, expect, it } from '@jest/globals';
import { Turn } from '../../../src/reading/turn.ts';
import { HandClock } from '../../support/hand-clock.ts';

/** A turn of 10 ms with a clock that counts how often it is read. */
function begun() {
  let looks = 0;
  const clock = new (class extends HandClock {
    override now(): number {
      looks += 1;
      return super.now();
    }
  })();
  const turn = new Turn(clock, 10);
  /** Takes steps of `ms` until the turn is over, at most 1000; returns their number. */
  const stepsOf = (ms: number): number => {
    for (let step = 1; step <= 1000; step++) {
      clock.turn(ms);
      if (turn.isOver()) return step;
    }
    return Infinity;
  };
  const looksOf = (work: () => void): number => {
    const before = looks;
    work();
    return looks - before;
  };
  return { clock, turn, stepsOf, looksOf };
}

describe('a turn of a source that never waits', () => {
  it('is over when its time has passed', () => {
    expect(begun().stepsOf(4)).toBe(3);
  });

  it('is over after one step that takes longer, even if it is the first', () => {
    const { turn, stepsOf } = begun();
    expect(stepsOf(11)).toBe(1);
    turn.start();
    expect(stepsOf(11)).toBe(1);
  });

  it('has its full time again after a restart', () => {
    const { turn, stepsOf } = begun();
    expect([stepsOf(4), stepsOf(4)]).toEqual([3, 1]);
    turn.start();
    expect(stepsOf(4)).toBe(3);
  });

  it('checks the clock once in four quick steps, and after each slow one', () => {
    const { turn, stepsOf, looksOf } = begun();
    expect(looksOf(() => stepsOf(0))).toBe(1000 / 4);
    stepsOf(100);
    turn.start();
    expect(looksOf(() => expect(stepsOf(2)).toBe(6))).toBe(6);
  });

  it('lets at most four steps pass without a check if slow steps follow quick ones', () => {
    const { stepsOf } = begun();
    stepsOf(0);
    expect(stepsOf(1000)).toBeLessThanOrEqual(4);
  });
});
