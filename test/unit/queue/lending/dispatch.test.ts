import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Intervals } from '../../../../src/core/intervals.ts';
import { dispatch, type Receiver } from '../../../../src/queue/lending/dispatch.ts';
import { Holding } from '../../../../src/queue/lending/holding.ts';
import type { Delivery } from '../../../../src/queue/lending/delivery.ts';
import type { Queue } from '../../../../src/queue/queue.ts';
import { aQueue } from '../../../support/a-queue.ts';
import { frameOf } from '../../../support/frames.ts';

const creditBytes = 8 * 1024 * 1024;
const error = { code: 'E', message: 'failed' };

function numbered(count: number, size = 1): unknown[] {
  return Array.from({ length: count }, (_, id) => (size === 1 ? id : { id, text: 'x'.repeat(size) }));
}

/** A consumer that runs its lent items in simulated time. */
class Worker implements Receiver {
  readonly holding;
  readonly deliveries: Delivery[] = [];
  #waiting: number[] = [];
  #running: { seq: number; until: number }[] = [];
  readonly #queue: Queue;

  constructor(queue: Queue, slots: number) {
    this.#queue = queue;
    this.holding = new Holding(slots);
  }

  recall = (): void => undefined;

  deliver = (delivery: Delivery): void => {
    this.deliveries.push(delivery);
    for (let i = 0; i < delivery.frame.count; i++) this.#waiting.push(delivery.seq + i);
  };

  get running(): number {
    return this.#running.length;
  }

  /** Runs items that take `ms` each in a slot until `now`, and settles all finished items together. */
  work(now: number, ms: number): void {
    const done = this.#running.filter(({ until }) => until <= now);
    this.#running = this.#running.filter(({ until }) => until > now);
    this.settle(
      done.map(({ seq }) => seq),
      now,
    );
    while (this.#running.length < this.holding.slots && this.#waiting.length > 0) {
      this.#running.push({ seq: this.#waiting.shift()!, until: now + ms });
    }
  }

  /** Finishes this many items, which need no slot, at `now`. */
  rush(now: number, items: number): void {
    this.settle(this.#waiting.splice(0, items), now);
  }

  settle(seqs: readonly number[], now: number): void {
    this.#queue.settle(this.holding, Intervals.of(...seqs.map((seq) => [seq, seq] as const)), now);
  }
}

function lend(queue: Queue, workers: readonly Worker[], now: number, credit = creditBytes): void {
  dispatch(queue, workers, { creditBytes: credit, moment: { now, wall: now } });
}

describe('slow items', () => {
  it('are spread over all slots: 151 items of 100 ms take seven rounds in 24 slots', () => {
    const queue = aQueue([frameOf(numbered(151))]);
    const workers = [1, 2].map(() => new Worker(queue, 12));
    let now = 0;
    let least = Infinity;
    for (; !queue.isEmpty; now += 1) {
      for (const worker of workers) worker.work(now, 100);
      lend(queue, workers, now);
      for (const worker of workers) worker.work(now, 100);
      if (queue.stats.queued > 0) least = Math.min(least, ...workers.map(({ running }) => running));
    }
    expect(least).toBe(12);
    expect(now - 1).toBe(7 * 100);
  });

  it('are shared out one by one if there are fewer items than slots', () => {
    const queue = aQueue([frameOf(numbered(5))]);
    const workers = [1, 2, 3].map(() => new Worker(queue, 12));
    lend(queue, workers, 0);
    expect(workers.map(({ holding }) => holding.count)).toEqual([2, 2, 1]);
  });

  it('go to the consumer that holds the fewest items, not to the first consumer', () => {
    const queue = aQueue([frameOf(numbered(3)), frameOf(numbered(3))]);
    const [busy, idle, idler] = [1, 2, 3].map(() => new Worker(queue, 5)) as [Worker, Worker, Worker];
    queue.take(busy.holding, { items: 3, bytes: 1e6 }, { now: 0, wall: 0 });
    lend(queue, [busy, idle, idler], 0);
    expect([busy, idle, idler].map(({ holding }) => holding.count)).toEqual([3, 2, 1]);
  });
});

describe('fast items', () => {
  it('are delivered in full frames: a million items take few more deliveries than there are frames', () => {
    const frame = frameOf(numbered(1000));
    const queue = aQueue(Array.from({ length: 1000 }, () => frame));
    const workers = [1, 2].map(() => new Worker(queue, 16));
    for (let now = 0; !queue.isEmpty; now += 1) {
      lend(queue, workers, now);
      for (const worker of workers) worker.rush(now, 400);
    }
    const deliveries = workers.reduce((sum, worker) => sum + worker.deliveries.length, 0);
    expect(deliveries).toBeLessThan(2000);
  });

  it('keep every consumer busy from the tenth step on', () => {
    const queue = aQueue(Array.from({ length: 100 }, () => frameOf(numbered(1000))));
    const workers = [1, 2, 3].map(() => new Worker(queue, 4));
    let lowest = Infinity;
    for (let now = 0; queue.stats.queued > 1000; now += 1) {
      lend(queue, workers, now);
      lowest = Math.min(lowest, ...workers.map(({ holding }) => (now < 10 ? Infinity : holding.count)));
      for (const worker of workers) worker.rush(now, 50);
    }
    expect(lowest).toBeGreaterThanOrEqual(50);
  });
});

describe('retries that are due', () => {
  it('are all lent at once, even though only the first of them is known at any time', () => {
    const queue = aQueue([frameOf(numbered(20))]);
    const first = new Worker(queue, 20);
    lend(queue, [first], 0);
    for (let seq = 1; seq <= 20; seq++) {
      const fate = { kind: 'retry', error, delayMs: 5, usesAttempt: true } as const;
      queue.fail(first.holding, seq, { now: 0, wall: 0 }, () => fate);
    }
    queue.commit({ now: 0, wall: 0 });
    const workers = [2, 3].map(() => new Worker(queue, 12));
    lend(queue, workers, 4);
    expect(workers.map(({ holding }) => holding.count)).toEqual([0, 0]);
    lend(queue, workers, 5);
    expect(workers.map(({ holding }) => holding.count)).toEqual([10, 10]);
  });
});

describe('marked items', () => {
  const killed = { cause: 'SIGKILL', isFromOutside: true, delayMs: () => 0 };

  /** A consumer started 20 of 40 items and was killed from outside. */
  function afterAKill(): Queue {
    const queue = aQueue([frameOf(numbered(40))]);
    const dead = new Worker(queue, 20);
    lend(queue, [dead], 0);
    expect(queue.lose(dead.holding, { now: 0, wall: 0 }, killed)).toMatchObject({ marked: 20, isolated: 0 });
    return queue;
  }

  function spread(queue: Queue, workers: readonly Worker[]): void {
    dispatch(queue, workers, { creditBytes, moment: { now: 0, wall: 0 }, soon: 2 - workers.length });
  }

  it('are lent normally again, spread over all consumers, including consumers that are not ready yet', () => {
    const queue = afterAKill();
    const workers = [1, 2].map(() => new Worker(queue, 16));
    spread(queue, [workers[0]!]);
    expect(workers.map(({ holding }) => [holding.marked, holding.count])).toEqual([
      [10, 16],
      [0, 0],
    ]);
    spread(queue, workers);
    expect(workers.map(({ holding }) => [holding.marked, holding.count])).toEqual([
      [10, 16],
      [10, 16],
    ]);
    for (const { deliveries } of workers)
      expect(new Set(deliveries.map(({ mode }) => mode))).toEqual(new Set(['together']));
  });

  it('need no other consumer: the only remaining consumer runs all of them', () => {
    const queue = afterAKill();
    const worker = new Worker(queue, 16);
    let now = 0;
    for (; !queue.isEmpty && now < 100; now++) {
      spread(queue, [worker]);
      worker.work(now, 1);
    }
    expect(queue.isEmpty).toBe(true);
  });

  it('that were running when a second consumer died are isolated; its other started items are marked', () => {
    const queue = afterAKill();
    const worker = new Worker(queue, 16);
    spread(queue, [worker]);
    // A redelivered item waits for the ledger, so it counts as started only once it is announced.
    worker.holding.announce(1, 4);
    const loss = queue.lose(worker.holding, { now: 0, wall: 0 }, killed);
    expect(loss).toMatchObject({ items: 16, isolated: 4, marked: 6 });
    expect([queue.availableAlone({ now: 0, wall: 0 }), queue.availableMarked]).toEqual([4, 22]);
  });
});

describe('consumers that are about to be ready', () => {
  it('keep their share of the items beyond the slots of the others; items that fit into slots are lent at once', () => {
    const queue = aQueue([frameOf(numbered(100))]);
    const workers = [1, 2].map(() => new Worker(queue, 4));
    const moment = { now: 0, wall: 0 };
    const [worker, second] = workers as [Worker, Worker];
    // The consumer has shown that it is fast.
    for (let round = 0; worker.holding.sizing.allowance < 64; round++) {
      const mark = worker.holding.sizing.lent(round);
      worker.holding.sizing.settled(100);
      worker.holding.sizing.completed(mark, round + 1);
    }
    dispatch(queue, [worker], { creditBytes, moment, soon: 1 });
    expect(worker.holding.count).toBe(50);
    dispatch(queue, [second], { creditBytes, moment, soon: 30 });
    expect(second.holding.count).toBe(4);
    dispatch(queue, [worker, second], { creditBytes, moment });
    expect(queue.available(moment)).toBe(46 - (worker.holding.count - 50));
  });
});

describe('a consumer’s credit', () => {
  it('does not hold back a single item that is larger than the credit', () => {
    const queue = aQueue([frameOf(numbered(2, 10_000))]);
    const worker = new Worker(queue, 4);
    lend(queue, [worker], 0, 1000);
    expect(worker.holding.count).toBe(1);
    expect(worker.holding.bytes).toBeGreaterThan(10_000);
    worker.settle([1], 0);
    lend(queue, [worker], 0, 1000);
    expect(worker.holding.count).toBe(1);
  });

  it('is exceeded by at most one item', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.integer({ min: 1, max: 5000 }), { minLength: 1, maxLength: 8 }), {
          minLength: 1,
          maxLength: 8,
        }),
        fc.integer({ min: 100, max: 20_000 }),
        (frames, credit) => {
          const queue = aQueue(frames.map((sizes) => frameOf(sizes.map((size) => 'x'.repeat(size)))));
          const worker = new Worker(queue, 50);
          lend(queue, [worker], 0, credit);
          const bytes = worker.deliveries.map(({ frame }) => frame.body.length);
          const last = worker.deliveries.at(-1)!.frame;
          const total = bytes.reduce((sum, size) => sum + size, 0);
          // Only a single item may exceed the remaining credit.
          expect(total - (last.count === 1 ? last.body.length : 0)).toBeLessThanOrEqual(credit);
        },
      ),
    );
  });
});

describe('the lent items', () => {
  const scene = fc.record({
    slots: fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 6 }),
    frames: fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 10 }),
    held: fc.array(fc.nat({ max: 30 }), { minLength: 6, maxLength: 6 }),
  });

  it('never exceed a consumer’s allowance or its fair share', () => {
    fc.assert(
      fc.property(scene, ({ slots, frames, held }) => {
        const queue = aQueue(frames.map((count) => frameOf(numbered(count))));
        const workers = slots.map((count) => new Worker(queue, count));
        const moment = { now: 0, wall: 0 };
        for (const [i, { holding }] of workers.entries()) {
          if (held[i]! > 0) queue.take(holding, { items: held[i]!, bytes: 1e6 }, moment);
        }
        const before = workers.map(({ holding }) => holding.count);
        const available = queue.available(moment);
        lend(queue, workers, 0);
        const after = workers.map(({ holding }) => holding.count);
        const given = after.reduce((sum, count, i) => sum + count - before[i]!, 0);
        expect(given).toBe(available - queue.available(moment));

        const raised = workers.flatMap(({ holding }, i) =>
          after[i]! > before[i]! ? [{ holding, count: after[i]! }] : [],
        );
        for (const { holding, count } of raised) expect(count).toBeLessThanOrEqual(holding.sizing.allowance);
        // No consumer was given an item while one that could take more held two fewer.
        const lowestWithRoom = Math.min(
          ...workers.filter(({ holding }) => holding.count < holding.slots).map(({ holding }) => holding.count),
        );
        for (const { count } of raised) expect(count).toBeLessThanOrEqual(lowestWithRoom + 1);
      }),
      { numRuns: 300 },
    );
  });

  it('fill the slots: no item waits while any consumer has a free slot', () => {
    fc.assert(
      fc.property(scene, ({ slots, frames }) => {
        const queue = aQueue(frames.map((count) => frameOf(numbered(count))));
        const workers = slots.map((count) => new Worker(queue, count));
        lend(queue, workers, 0);
        const hasFreeSlot = workers.some(({ holding }) => holding.count < holding.slots);
        return !hasFreeSlot || queue.available({ now: 0, wall: 0 }) === 0;
      }),
      { numRuns: 300 },
    );
  });
});
