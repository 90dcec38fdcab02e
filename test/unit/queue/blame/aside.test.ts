import { describe, expect, it } from '@jest/globals';
import { Aside } from '../../../../src/queue/blame/aside.ts';
import { dispatch, type Receiver } from '../../../../src/queue/lending/dispatch.ts';
import { MemoryStore } from '../../../../src/queue/memory-store.ts';
import { Holding } from '../../../../src/queue/lending/holding.ts';
import type { Delivery } from '../../../../src/queue/lending/delivery.ts';
import type { Queue } from '../../../../src/queue/queue.ts';
import { aQueue } from '../../../support/a-queue.ts';
import { frameOf } from '../../../support/frames.ts';

const moment = { now: 0, wall: 0 };
const options = { creditBytes: 1000, moment };
const death = { cause: 'SIGSEGV', isFromOutside: false, delayMs: () => 100 };

class Fake implements Receiver {
  readonly deliveries: Delivery[] = [];
  readonly holding = new Holding(2);
  deliver = (delivery: Delivery): void => void this.deliveries.push(delivery);
  recall = (): void => undefined;

  get modes(): [seq: number, count: number, mode: string][] {
    return this.deliveries.map(({ seq, frame, mode }) => [seq, frame.count, mode]);
  }
}

/** Ten items; the first four are accused. */
function accusing(): { queue: Queue; aside: Aside; store: MemoryStore } {
  const store = new MemoryStore();
  const queue = aQueue([frameOf(Array.from({ length: 10 }, (_, i) => `item ${i}`))], {}, store);
  const lost = new Holding(4);
  queue.take(lost, { items: 4, bytes: 1000 }, moment);
  queue.lose(lost, moment, death);
  return { queue, aside: new Aside(), store };
}

function round(queue: Queue, aside: Aside, receivers: readonly Receiver[]): void {
  dispatch(queue, aside.lend(queue, receivers, options), options);
}

describe('a consumer that is set aside', () => {
  it('is lent only accused items, to run alone, while the others carry on', () => {
    const { queue, aside } = accusing();
    const [first, second] = [new Fake(), new Fake()];
    round(queue, aside, [first, second]);
    expect(first.modes).toEqual([[1, 4, 'alone']]);
    expect(second.modes).toEqual([[5, 2, 'together']]);
    expect(aside.holding).toBe(first.holding);
    round(queue, aside, [first, second]);
    expect(first.deliveries).toHaveLength(1);
    queue.settle(first.holding, [[1, 4]], 0);
    round(queue, aside, [first, second]);
    expect(aside.holding).toBeUndefined();
    expect(first.modes.at(-1)).toEqual([7, 4, 'together']);
  });

  it('is one that holds no items; if all of them hold items, one is lent no more until it has none', () => {
    const { queue, aside } = accusing();
    const [first, second, third] = [new Fake(), new Fake(), new Fake()];
    dispatch(queue, [first, second], options);
    round(queue, aside, [first, second]);
    expect([first, second].map(({ modes }) => modes.length)).toEqual([1, 1]);
    queue.settle(first.holding, [[5, 5]], 0);
    round(queue, aside, [first, second]);
    expect(first.deliveries).toHaveLength(1);
    round(queue, aside, [first, second, third]);
    expect(third.modes).toEqual([[1, 4, 'alone']]);
    // The consumer that was about to be set aside is no longer needed.
    expect(first.modes.at(-1)).toEqual([9, 1, 'together']);
  });

  it('runs accused items before all others if it is the only consumer', () => {
    const { queue, aside } = accusing();
    const only = new Fake();
    round(queue, aside, [only]);
    expect(only.modes).toEqual([[1, 4, 'alone']]);
    queue.settle(only.holding, [[1, 3]], 0);
    round(queue, aside, [only]);
    expect(only.deliveries).toHaveLength(1);
    queue.settle(only.holding, [[4, 4]], 0);
    round(queue, aside, [only]);
    expect(only.modes.at(-1)).toEqual([5, 4, 'together']);
  });

  it('alternates between isolated items and the others, a second each, if it is the only consumer', () => {
    const queue = aQueue([frameOf(Array.from({ length: 200 }, (_, i) => `item ${i}`))]);
    const dead = new Holding(4);
    queue.take(dead, { items: 4, bytes: 1000 }, moment);
    dead.sizing.paced({ ran: 1, tookMs: 600, blockedMs: 0 });
    queue.lose(dead, moment, death);
    const [aside, only] = [new Aside(), new Fake()];
    const modes: string[] = [];
    for (let now = 0; !queue.isEmpty; now += 600) {
      const at = { creditBytes: 1000, moment: { now, wall: now } };
      dispatch(queue, aside.lend(queue, [only], at), at);
      modes.push(only.deliveries.at(-1)!.mode);
      queue.settle(only.holding, [[1, 200]], now + 599);
    }
    expect(modes.slice(0, 8)).toEqual([
      'alone',
      'alone',
      'together',
      'together',
      'alone',
      'alone',
      'together',
      'together',
    ]);
  });

  it('counts the time to announce quick items, so that they do not fill many seconds of the only consumer', () => {
    const count = 20_000;
    const queue = aQueue([frameOf(Array.from({ length: count }, (_, i) => i))]);
    const dead = new Holding(count);
    dead.sizing.paced({ ran: 1000, tookMs: 10, blockedMs: 10 });
    queue.take(dead, { items: count, bytes: Infinity }, moment);
    expect(queue.lose(dead, moment, death)).toMatchObject({ isolated: count });
    const only = new Fake();
    new Aside().lend(queue, [only], { creditBytes: Infinity, moment });
    expect(only.modes).toEqual([[1, 4000, 'alone']]);
  });

  it('runs half of the isolated items together if one at a time would take longer than a minute', () => {
    const queue = aQueue([frameOf(Array.from({ length: 40 }, (_, i) => `item ${i}`))]);
    const lent = (items: number, ms: number): Holding => {
      const holding = new Holding(items);
      holding.sizing.paced({ ran: 1, tookMs: ms, blockedMs: 0 });
      return holding;
    };
    const outside = { ...death, isFromOutside: true };
    const first = lent(20, 4000);
    queue.take(first, { items: 20, bytes: 1000 }, moment);
    queue.lose(first, moment, outside);
    const second = lent(20, 4000);
    queue.takeMarked(second, { items: 20, bytes: 1000 }, moment);
    second.announce(1, 20);
    expect(queue.lose(second, moment, outside)).toMatchObject({ isolated: 20 });

    const aside = new Aside();
    const [third, sibling] = [new Fake(), new Fake()];
    third.holding.sizing.paced({ ran: 1, tookMs: 4000, blockedMs: 0 });
    round(queue, aside, [third, sibling]);
    expect(third.modes).toEqual([[1, 10, 'together']]);
    expect([aside.holding, third.holding.isAlone]).toEqual([third.holding, true]);
    third.holding.announce(1, 3);
    // The items that it had started explain the death: the other half, and items that it had not started, are only marked.
    expect(queue.lose(third.holding, moment, outside)).toMatchObject({ isolated: 3, marked: 0 });
    expect(queue.stats.accused).toBe(3);
    const fourth = new Fake();
    round(queue, aside, [fourth, sibling]);
    expect(fourth.modes).toEqual([[1, 3, 'alone']]);
  });

  it('is lent a killer alone once its wait is over, and after the third kill only to ask the sink about it', () => {
    const { queue, aside, store } = accusing();
    const at = (now: number): typeof options => ({ creditBytes: 1000, moment: { now, wall: now } });
    const [first, second, third, fourth, fifth] = [new Fake(), new Fake(), new Fake(), new Fake(), new Fake()];

    aside.lend(queue, [first], at(0));
    first.holding.announce(1, 1);
    first.holding.announce(2, 2);
    expect(queue.lose(first.holding, moment, death).killer).toEqual({ seq: 2, kills: 2, delayMs: 100, inARow: 1 });
    queue.commit(moment);

    // The items that ran before it did not kill, so they are lent like all others; the rest must still run alone.
    aside.lend(queue, [second], at(99));
    dispatch(queue, [third], at(99));
    expect([second.modes, third.modes[0]]).toEqual([[[3, 2, 'alone']], [1, 1, 'together']]);
    queue.settle(second.holding, [[3, 4]], 99);

    // It is on trial before it runs.
    aside.lend(queue, [fourth], at(100));
    expect([fourth.modes, queue.isDirty]).toEqual([[], true]);
    queue.commit(moment);
    aside.lend(queue, [fourth], at(100));
    expect(fourth.modes).toEqual([[2, 1, 'alone']]);
    fourth.holding.announce(2, 2);
    expect(queue.lose(fourth.holding, moment, death).killer).toMatchObject({ kills: 3, delayMs: 0 });
    queue.commit(moment);
    aside.lend(queue, [fifth], at(100));
    expect(fifth.modes).toEqual([[2, 1, 'askOnly']]);
    expect(store.readRetryError(2)?.message).toBe('killed its consumer 3 times: SIGSEGV');

    // Its history contains its last kill only once.
    const error = store.readRetryError(2)!;
    queue.fail(fifth.holding, 2, moment, () => ({ kind: 'dead', error, reason: 'killed' }));
    queue.commit(moment);
    expect(store.readDead({ after: 0, limit: 1 })[0]?.history.map(({ message }) => message)).toEqual([
      'killed its consumer twice: SIGSEGV',
      'killed its consumer 3 times: SIGSEGV',
    ]);
  });
});
