import { describe, expect, it } from '@jest/globals';
import { Intervals } from '../../../src/core/intervals.ts';
import { Blame, type Death } from '../../../src/queue/blame.ts';

/** A death, and what was said of it. */
function aDeath(isFromOutside = false): Death & { said: boolean[] } {
  const said: boolean[] = [];
  return { cause: 'SIGSEGV', isFromOutside, said, onSolved: (hasKiller) => said.push(hasKiller) };
}

describe('blame', () => {
  it('falls on all that a dead consumer held, and on nobody else', () => {
    const blame = new Blame();
    blame.accuse(Intervals.of([3, 5], [9, 9]), aDeath());
    expect([2, 3, 5, 6, 9].map((seq) => blame.has(seq))).toEqual([false, true, true, false, true]);
    expect(blame.size).toBe(4);
  });

  it('is nobody’s when all accused have been cleared', () => {
    const blame = new Blame();
    const death = aDeath();
    blame.accuse(Intervals.of([1, 3]), death);
    blame.clear(1, 2);
    expect([blame.size, death.said]).toEqual([1, []]);
    blame.clear(3, 3);
    expect([blame.size, death.said]).toEqual([0, [false]]);
  });

  it('is found when one is named; the others stay accused, and the death is said to be solved once', () => {
    const blame = new Blame();
    const death = aDeath();
    blame.accuse(Intervals.of([1, 3]), death);
    expect(blame.name(2, aDeath())).toBe(death);
    expect([blame.has(1), blame.has(2), blame.has(3), death.said]).toEqual([true, false, true, [true]]);
    // The first one has explained that death.
    expect(blame.name(3, aDeath())).toBeUndefined();
    blame.clear(1, 1);
    expect(death.said).toEqual([true]);
  });

  it('keeps deaths apart', () => {
    const blame = new Blame();
    const [first, second] = [aDeath(), aDeath(true)];
    blame.accuse(Intervals.of([1, 3]), first);
    blame.accuse(Intervals.of([4, 6]), second);
    expect(blame.name(5, aDeath())).toBe(second);
    blame.clear(1, 6);
    expect([first.said, second.said]).toEqual([[false], [true]]);
  });

  it('does not stay on one that is not run again', () => {
    const blame = new Blame();
    const death = aDeath();
    blame.accuse(Intervals.of([4, 4]), death);
    blame.beCareful();
    blame.condemn(4);
    expect([blame.size, blame.isCareful, death.said]).toEqual([0, false, [false]]);
  });

  it('of one that nobody was accused of is of this death alone', () => {
    expect(new Blame().name(7, aDeath())).toBeUndefined();
  });

  it('is laid more carefully once somebody was named who did nothing when run again, until nobody is accused', () => {
    const blame = new Blame();
    blame.accuse(Intervals.of([1, 9]), aDeath());
    blame.name(4, aDeath());
    expect(blame.isCareful).toBe(false);
    blame.clear(4, 4);
    expect(blame.isCareful).toBe(true);
    blame.clear(1, 9);
    expect(blame.isCareful).toBe(false);
  });

  it.each<[string, (blame: Blame) => void]>([
    ['kills again', (blame) => blame.name(4, aDeath())],
    ['is dead', (blame) => blame.condemn(4)],
    ['was running when its consumer was killed from outside', (blame) => blame.name(4, aDeath(true))],
  ])('is laid no more carefully when the one that was named %s', (_, happens) => {
    const blame = new Blame();
    blame.accuse(Intervals.of([1, 9]), aDeath());
    blame.name(4, aDeath());
    happens(blame);
    blame.clear(1, 3);
    expect(blame.isCareful).toBe(false);
  });
});
