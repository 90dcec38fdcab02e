import { describe, expect, it } from '@jest/globals';
import { Intervals, type Interval } from '../../../../src/core/intervals.ts';
import { Blame, type Death } from '../../../../src/queue/blame/blame.ts';

/** A death, and the reports about its solution. */
function aDeath(isFromOutside = false): Death & { said: boolean[] } {
  const said: boolean[] = [];
  return { cause: 'SIGSEGV', isFromOutside, said, onSolved: (hasKiller) => said.push(hasKiller) };
}

const all = { isolatesAll: true };

/** The accused and the isolated items among 1…9. */
function stateOf({ accused, isolated }: Blame): { accused: Interval[]; isolated: Interval[] } {
  return { accused: [...accused.within(1, 9)], isolated: [...isolated.within(1, 9)] };
}

describe('blame', () => {
  it('marks all items that a dead consumer had started; a second death isolates the marked items that its consumer had started', () => {
    const blame = new Blame();
    expect([...blame.accuse(Intervals.of([1, 4]), aDeath(true))]).toEqual([]);
    expect(stateOf(blame)).toEqual({ accused: [[1, 4]], isolated: [] });
    expect([...blame.accuse(Intervals.of([3, 6]), aDeath())]).toEqual([[3, 4]]);
    expect(stateOf(blame)).toEqual({ accused: [[1, 6]], isolated: [[3, 4]] });
    // Other items that it had started are marked, and isolated by the next death that they share.
    expect([...blame.accuse(Intervals.of([6, 7]), aDeath(true))]).toEqual([[6, 6]]);
  });

  it('isolates at the first death on request', () => {
    const blame = new Blame();
    expect([...blame.accuse(Intervals.of([1, 2]), aDeath(), all)]).toEqual([[1, 2]]);
    expect(stateOf(blame)).toEqual({ accused: [[1, 2]], isolated: [[1, 2]] });
  });

  it('falls on no item when all accused items have been cleared', () => {
    const blame = new Blame();
    const death = aDeath();
    blame.accuse(Intervals.of([1, 3]), death);
    blame.clear(1, 2);
    expect([stateOf(blame).accused, death.said]).toEqual([[[3, 3]], []]);
    blame.clear(3, 3);
    expect([stateOf(blame).accused, death.said]).toEqual([[], [false]]);
  });

  it('falls on the named item with all the deaths that it was accused of, and each death is solved once', () => {
    const blame = new Blame();
    const [first, second, other] = [aDeath(true), aDeath(), aDeath()];
    blame.accuse(Intervals.of([1, 3]), first);
    blame.accuse(Intervals.of([2, 3]), second);
    blame.accuse(Intervals.of([7, 7]), other);
    expect(blame.name(2, aDeath())).toEqual({ own: 1, outside: 1, explained: 0 });
    expect(stateOf(blame)).toEqual({
      accused: [
        [1, 1],
        [3, 3],
        [7, 7],
      ],
      isolated: [[3, 3]],
    });
    // The item that was named first has explained those deaths.
    expect(blame.name(3, aDeath())).toEqual({ own: 0, outside: 0, explained: 2 });
    blame.clear(1, 9);
    expect([first.said, second.said, other.said]).toEqual([[true], [true], [false]]);
  });

  it('does not count a death for items that may not have started', () => {
    const blame = new Blame();
    blame.accuse(Intervals.of([1, 3]), aDeath(true), { isolatesAll: true, counts: false });
    expect(blame.name(2, aDeath(true))).toEqual({ own: 0, outside: 0, explained: 0 });
  });

  it('can isolate only some of the items, and the others stay accused', () => {
    const blame = new Blame();
    blame.accuse(Intervals.of([1, 8]), aDeath(), all);
    blame.isolateOnly(Intervals.of([3, 4]));
    expect(stateOf(blame)).toEqual({ accused: [[1, 8]], isolated: [[3, 4]] });
  });

  it('is lifted from an item that will not run again', () => {
    const blame = new Blame();
    const death = aDeath();
    blame.accuse(Intervals.of([4, 4]), death, all);
    blame.beCareful();
    blame.condemn(4);
    expect([stateOf(blame), blame.isCareful, death.said]).toEqual([{ accused: [], isolated: [] }, false, [false]]);
  });

  it('is assigned more carefully after an innocent item was named, until no item is isolated', () => {
    const blame = new Blame();
    blame.accuse(Intervals.of([1, 9]), aDeath(), all);
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
  ])('is not assigned more carefully if the named item %s', (_, happens) => {
    const blame = new Blame();
    blame.accuse(Intervals.of([1, 9]), aDeath(), all);
    blame.name(4, aDeath());
    happens(blame);
    blame.clear(1, 3);
    expect(blame.isCareful).toBe(false);
  });
});
