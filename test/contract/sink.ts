import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Intervals, type Interval } from '../../src/core/intervals.ts';
import type { QueueStart } from '../../src/core/queue-start.ts';
import { Fenced, type Delivery, type Sink, type SinkContext, type SinkWriter } from '../../src/sinks/port.ts';
import { batchWith, capturedBy } from './captured-by.ts';
import { sinkContext, startOf } from './sink-context.ts';

export interface Row {
  id: number;
  text: string;
}

/** A sink with a place of its own, and a view of that place from outside. */
export interface SinkUnderTest {
  readonly sink: Sink<Row>;
  /** The rows in that place, in any order. */
  rows(): Row[];
  /** What every context for this sink contains in addition to the usual fields. */
  readonly context?: Partial<SinkContext>;
  dispose(): void;
}

export interface Subject {
  readonly delivery: Delivery;
  /** False for a sink that discards rows. */
  readonly keepsRows?: boolean;
  /** False for a sink that ends with its process. */
  readonly isLasting?: boolean;
  readonly create: () => SinkUnderTest;
}

/**
 * What every sink promises (src/sinks/port.ts), and what a transactional sink also promises. `create` makes a sink with
 * an empty place.
 */
export function sinkContract(name: string, { delivery, keepsRows = true, isLasting = true, create }: Subject): void {
  const isTransactional = delivery === 'transaction';
  const kept = (ids: number[]): number[] => (keepsRows ? ids : []);
  describe(`a sink: ${name}`, () => {
    let place: Place;
    beforeEach(() => {
      place = new Place(create());
    });
    afterEach(async () => await place.close());

    it('contains the rows once the commit resolves', async () => {
      const writer = await place.open();
      await writer.commit({ rows: [row(1), row(2)], seqs: seqs([1, 2]) });
      await writer.commit({ rows: [row(3)], seqs: seqs([3, 3]) });
      expect(place.ids()).toEqual(kept([1, 2, 3]));
    });

    it('writes a row as it was when it was captured, even if the object changes later', async () => {
      const writer = await place.openBare();
      const one = row(1);
      const captured: unknown[] = [];
      writer.capture(one, captured);
      Object.assign(one, row(2));
      writer.capture(one, captured);
      Object.assign(one, { id: 9, text: 'used again' });
      await writer.commit(batchWith(seqs([1, 1]), captured));
      expect(place.ids()).toEqual(kept([1, 2]));
    });

    it('writes rows that were captured before it was reopened', async () => {
      const first = await place.openBare();
      const captured: unknown[] = [];
      first.capture(row(1), captured);
      await first.close();
      first.capture(row(2), captured);
      const again = await place.openBare();
      await again.commit(batchWith(seqs([1, 1]), captured));
      expect(place.ids()).toEqual(kept([1, 2]));
    });

    it('accepts a batch without rows and a batch without items', async () => {
      const writer = await place.open();
      await writer.commit({ rows: [], seqs: seqs([1, 5]) });
      await writer.commit({ rows: [], seqs: seqs() });
      expect(place.ids()).toEqual([]);
    });

    it('accepts commits from each writer, even while other writers have it open', async () => {
      const [first, second] = [await place.open({ writer: 1 }), await place.open({ writer: 2 })];
      await first.commit({ rows: [row(1)], seqs: seqs([1, 1]) });
      await second.commit({ rows: [row(2)], seqs: seqs([2, 2]) });
      await first.close();
      await second.commit({ rows: [row(3)], seqs: seqs([3, 3]) });
      expect(place.ids()).toEqual(kept([1, 2, 3]));
    });

    it('can be asked, fenced, pruned and closed more than once', async () => {
      const writer = await place.open({ writer: 9 });
      for (const times of [1, 2]) {
        expect(await writer.fence([times])).toBe(0);
        expect(await writer.fence([1])).toBe(0);
        expect(await writer.ask(1, 100)).toEqual([]);
        await writer.prune({ before: 1, open: [], drop: ['run-0'] });
      }
      await writer.close();
      await writer.close();
    });

    it(`delivers by ${delivery}`, () => {
      expect(place.delivery).toBe(delivery);
    });

    it('works when it is opened again after a commit with an unknown outcome', async () => {
      const giveUp = new AbortController();
      const first = await place.open({ signal: giveUp.signal });
      await first.commit({ rows: [row(1)], seqs: seqs([1, 1]) });
      giveUp.abort(new Error('given up'));
      void first.close();
      const again = await place.open({ isKnown: true });
      expect(await again.ask(1, 2)).toEqual(isTransactional ? [[1, 1]] : []);
      await again.commit({ rows: [row(2)], seqs: seqs([2, 2]) });
      expect(place.ids()).toEqual(kept([1, 2]));
    });

    if (isTransactional) transactionalContract(create);
    if (isTransactional && isLasting) lastingContract(create);
  });
}

function transactionalContract(create: () => SinkUnderTest): void {
  let place: Place;
  beforeEach(() => {
    place = new Place(create());
  });
  afterEach(async () => await place.close());

  it('knows exactly the items of a batch, including items without results', async () => {
    const writer = await place.open();
    await writer.commit({ rows: [row(1)], seqs: seqs([1, 3], [6, 6], [9, 12]) });
    expect(await writer.ask(1, 20)).toEqual([
      [1, 3],
      [6, 6],
      [9, 12],
    ]);
  });

  it.each<{ asked: Interval; found: Interval[] }>([
    { asked: [1, 2], found: [] },
    { asked: [1, 5], found: [[5, 5]] },
    { asked: [6, 7], found: [[6, 7]] },
    { asked: [10, 10], found: [[10, 10]] },
    { asked: [11, 19], found: [] },
    {
      asked: [8, 22],
      found: [
        [8, 10],
        [20, 22],
      ],
    },
    { asked: [26, 1_000_000], found: [] },
  ])('finds $found of $asked', async ({ asked, found }) => {
    const writer = await place.open();
    await writer.commit({ rows: [], seqs: seqs([5, 10], [20, 25]) });
    expect(await writer.ask(...asked)).toEqual(found);
  });

  it('knows only the items of its own run', async () => {
    const [one, other] = [await place.open(), await place.open({ run: 'run-2' })];
    await one.commit({ rows: [row(1)], seqs: seqs([1, 4]) });
    await other.commit({ rows: [row(2)], seqs: seqs([3, 3]) });
    expect(await other.ask(1, 9)).toEqual([[3, 3]]);
    expect(await other.fence([])).toBe(3);
    expect(place.ids()).toEqual([1, 2]);
  });

  it('reports to the successor of a process that died after its commit which items that process had finished', async () => {
    const lost = await place.open({ writer: 1 });
    await lost.commit({ rows: [row(1), row(2)], seqs: seqs([1, 1], [4, 4]) });
    const successor = await place.open({ writer: 2 });
    expect(await successor.fence([1])).toBe(4);
    expect(await successor.ask(1, 4)).toEqual([
      [1, 1],
      [4, 4],
    ]);
  });

  it('lets a barred writer commit nothing, not even its fences and prunes', async () => {
    const barred = await place.open({ writer: 1 });
    await barred.commit({ rows: [row(1)], seqs: seqs([1, 1]) });
    const successor = await place.open({ writer: 2 });
    await successor.fence([1]);
    await expect(barred.commit({ rows: [row(2)], seqs: seqs([2, 2]) })).rejects.toThrow(Fenced);
    await expect(barred.fence([2])).rejects.toThrow(Fenced);
    await expect(barred.prune({ before: 9, open: [], drop: [] })).rejects.toThrow(Fenced);
    expect(await successor.ask(1, 9)).toEqual([[1, 1]]);
    await successor.commit({ rows: [row(3)], seqs: seqs([2, 2]) });
    expect(place.ids()).toEqual([1, 3]);
  });

  it('bars a writer that has not opened it yet', async () => {
    const successor = await place.open({ writer: 2 });
    await successor.fence([1]);
    await expect(place.open({ writer: 1 })).rejects.toThrow(Fenced);
  });

  it('keeps a writer barred, however often it is barred, and lets the other writers commit', async () => {
    const [lost, first, second] = [
      await place.open({ writer: 1 }),
      await place.open({ writer: 2 }),
      await place.open({ writer: 3 }),
    ];
    expect(await first.fence([1, 1])).toBe(0);
    expect(await second.fence([1])).toBe(0);
    expect(await second.fence([])).toBe(0);
    await expect(lost.commit({ rows: [], seqs: seqs([1, 1]) })).rejects.toThrow(Fenced);
    await first.commit({ rows: [], seqs: seqs([1, 1]) });
    await second.commit({ rows: [], seqs: seqs([2, 2]) });
  });

  it('does not bar the writer that requests the barring', async () => {
    const writer = await place.open({ writer: 2 });
    await writer.fence([1, 2]);
    await writer.commit({ rows: [row(1)], seqs: seqs([1, 1]) });
    expect(place.ids()).toEqual([1]);
  });

  it('bars the earlier session of a writer that opens it again', async () => {
    const before = await place.open({ writer: 1 });
    const after = await place.open({ writer: 1 });
    await expect(before.commit({ rows: [row(1)], seqs: seqs([1, 1]) })).rejects.toThrow(Fenced);
    await after.commit({ rows: [row(2)], seqs: seqs([1, 1]) });
    expect(place.ids()).toEqual([2]);
  });

  it.each<Interval>([
    [10, 20],
    [12, 12],
    [9, 10],
    [20, 21],
    [1, 30],
  ])('refuses seqs %i to %i after 10 to 20, and stores nothing from that batch', async (from, to) => {
    const writer = await place.open();
    await writer.commit({ rows: [row(1)], seqs: seqs([10, 20]) });
    const overlapping = writer.commit({ rows: [row(2)], seqs: seqs([3, 4], [from, to], [40, 41]) });
    await expect(overlapping).rejects.toMatchObject({ code: 'LEDGER_OVERLAP' });
    expect(await writer.ask(0, 50)).toEqual([[10, 20]]);
    await writer.commit({ rows: [row(3)], seqs: seqs([3, 4], [21, 22]) });
    expect(place.ids()).toEqual([1, 3]);
  });

  it('forgets items below the mark, except for items that a retry may ask about', async () => {
    const writer = await place.open();
    for (const batch of [seqs([1, 4]), seqs([5, 6], [8, 8]), seqs([10, 14]), seqs([15, 30]), seqs([31, 33])]) {
      await writer.commit({ rows: [], seqs: batch });
    }
    const other = await place.open({ run: 'run-2' });
    await other.commit({ rows: [], seqs: seqs([1, 1]) });
    const request = { before: 20, open: [40, 12, 7, 8], drop: [] };
    await writer.prune(request);
    await writer.prune(request);
    const kept = Intervals.of(...(await place.ledger()));
    for (const seq of [12, 8, 20, 30, 33]) expect(kept.has(seq)).toBe(true);
    for (const seq of [1, 4, 5, 6]) expect(kept.has(seq)).toBe(false);
    for (const seq of [8, 12]) expect(await writer.ask(seq, seq)).toEqual([[seq, seq]]);
    expect(await writer.ask(7, 8)).toEqual([[8, 8]]);
    expect(await writer.ask(20, 40)).toEqual([[20, 33]]);
    expect(await writer.fence([])).toBe(33);
    const lookOn = await place.open({ run: 'run-2', writer: 8, start: anotherQueue });
    expect(await lookOn.ask(0, 9)).toEqual([[1, 1]]);
  });

  it('keeps the ledger as small as the set of open items', async () => {
    const writer = await place.open();
    for (let seq = 1; seq <= 200; seq += 2) {
      await writer.commit({ rows: [], seqs: seqs([seq, seq]) });
      if (seq % 10 === 1) await writer.prune({ before: seq, open: [3], drop: [] });
      expect((await place.ledger()).length).toBeLessThanOrEqual(7);
    }
  });

  it('drops runs that have ended, and never the current run', async () => {
    const old = await place.open({ run: 'run-0' });
    await old.commit({ rows: [row(1)], seqs: seqs([1, 9]) });
    const writer = await place.open();
    await writer.commit({ rows: [row(2)], seqs: seqs([1, 1]) });
    await expect(writer.prune({ before: 1, open: [], drop: ['run-0', 'run-1'] })).rejects.toMatchObject({
      code: 'BUG',
    });
    await writer.prune({ before: 1, open: [], drop: ['run-0'] });
    expect(await writer.ask(1, 9)).toEqual([[1, 1]]);
    await expect(old.commit({ rows: [row(3)], seqs: seqs([10, 10]) })).rejects.toThrow(Fenced);
    expect(await (await place.open({ run: 'run-0' })).ask(1, 9)).toEqual([]);
    expect(place.ids()).toEqual([1, 2]);
  });

  describe('opened by a queue', () => {
    const refused = { code: 'SINK_NEWER', exitCode: 78 };

    /** Opens the sink as this start, and writes something. */
    const write = async (start: QueueStart, { seq, ...context }: { seq: number; run?: string }): Promise<void> => {
      const writer = await place.open({ writer: seq, start, ...context });
      await writer.commit({ rows: [], seqs: seqs([seq, seq]) });
    };

    it('may be used if that queue has been started again since, however often', async () => {
      await write(startOf(3), { seq: 7 });
      await write(startOf(3), { seq: 8 });
      await write(startOf(4), { seq: 9 });
      await expect(place.open({ writer: 10, start: startOf(90) })).resolves.toBeDefined();
    });

    it('refuses the queue if the queue is back at an earlier start, even in another run', async () => {
      await write(startOf(3), { seq: 7 });
      await expect(place.open({ writer: 8, start: startOf(2) })).rejects.toMatchObject(refused);
      await expect(place.open({ run: 'run-2', writer: 8, start: startOf(2) })).rejects.toMatchObject(refused);
      await place.open({ writer: 8, start: startOf(3) });
    });

    it('refuses a copy of the queue that has been started as often as the original or more often, and says why', async () => {
      const copy = (...since: string[]): QueueStart => {
        const start = startOf(2);
        return { ...start, generation: start.generation + since.length, ids: [...since, ...start.ids] };
      };
      await write(startOf(3), { seq: 7 });
      await expect(place.open({ writer: 7, start: copy('a') })).rejects.toMatchObject(refused);
      await expect(place.open({ writer: 9, start: copy('c', 'b', 'a') })).rejects.toThrow(
        "this queue is older than the sink's record of it: this is start 5, and the sink was last written by start 3, " +
          'which the queue does not know. It was probably restored from a copy, or a copy of it is in use: ' +
          'restore the queue and the sink as of the same moment, or start over with --fresh.',
      );
    });

    it('may be used by a different queue, whatever it knows about the first queue', async () => {
      await write(startOf(3), { seq: 7 });
      await write(anotherQueue, { seq: 1, run: 'run-2' });
      await expect(place.open({ writer: 8, start: startOf(3) })).resolves.toBeDefined();
    });

    it('may be used by the queue even if the last start in the sink is older than all starts that the queue remembers', async () => {
      await write(startOf(3), { seq: 7 });
      const start = { ...startOf(13), ids: startOf(13).ids.slice(0, 10) };
      await expect(place.open({ writer: 8, start })).resolves.toBeDefined();
    });

    it('refuses the queue if the queue is back at an earlier start, even in a run that the sink has forgotten', async () => {
      await write(startOf(3), { seq: 7, run: 'run-0' });
      const writer = await place.open({ writer: 8, start: startOf(3) });
      await writer.prune({ before: 1, open: [], drop: ['run-0'] });
      await expect(place.open({ run: 'run-0', writer: 7, start: startOf(2) })).rejects.toMatchObject(refused);
    });

    it('lets the right queue continue after a copy was refused or ended before it had written anything', async () => {
      await write(startOf(3), { seq: 7 });
      const copy: QueueStart = { ...startOf(4), ids: ['copied', ...startOf(3).ids] };
      const unused = await place.open({ writer: 8, start: copy });
      await unused.fence([7]);
      await write(startOf(4), { seq: 9 });
      const commit = unused.commit({ rows: [row(10)], seqs: seqs([10, 10]) });
      await expect(commit).rejects.toMatchObject(refused);
      expect(place.ids()).toEqual([]);
    });
  });

  describe('that has forgotten settled items', () => {
    const refused = { code: 'SINK_NEWER', exitCode: 78 };
    let writer: RowWriter;
    beforeEach(async () => {
      writer = await place.open({ writer: 1 });
      await writer.commit({ rows: [row(1)], seqs: seqs([1, 40]) });
      await writer.prune({ before: 30, open: [3, 20], drop: [] });
    });

    it.each<Interval>([
      [1, 1],
      [2, 3],
      [20, 21],
      [3, 20],
      [29, 29],
      [29, 50],
    ])(
      'refuses to answer about seqs %i to %i, because only an older copy of the queue asks about them',
      async (from, to) => {
        await expect(writer.ask(from, to)).rejects.toMatchObject(refused);
      },
    );

    it.each<Interval>([
      [3, 3],
      [20, 20],
      [30, 30],
      [41, 60],
    ])('accepts seqs %i to %i, which may be open', async (from, to) => {
      await expect(writer.ask(from, to)).resolves.toBeDefined();
    });

    it('gives the reason for the refusal', async () => {
      await expect(writer.ask(20, 50)).rejects.toThrow(
        'this queue is an older copy of the one that wrote to the sink: item 21 is open in this queue, but the sink has recorded it as settled',
      );
    });

    it('refuses a commit of a forgotten seq, and stores nothing from it', async () => {
      await writer.prune({ before: 100, open: [60], drop: [] });
      const old = writer.commit({ rows: [row(2)], seqs: seqs([60, 60], [99, 99]) });
      await expect(old).rejects.toMatchObject(refused);
      await writer.commit({ rows: [row(3)], seqs: seqs([60, 60], [100, 100]) });
      expect(place.ids()).toEqual([1, 3]);
    });

    it('reports the highest forgotten seq as the highest in the ledger, so that a successor asks about it', async () => {
      await writer.prune({ before: 100, open: [], drop: [] });
      expect(await (await place.open({ writer: 2 })).fence([1])).toBe(99);
    });

    it('remembers which seqs are forgotten across starts and runs, and only for its own queue', async () => {
      const next = await place.open({ run: 'run-2', writer: 2, start: startOf(2) });
      await next.prune({ before: 40, open: [35], drop: ['run-1'] });
      await expect(next.ask(20, 20)).rejects.toMatchObject(refused);
      await expect(next.ask(34, 34)).rejects.toMatchObject(refused);
      expect(await next.ask(35, 35)).toEqual([]);
      const other = await place.open({ run: 'run-9', writer: 1, start: anotherQueue });
      expect(await other.ask(1, 50)).toEqual([]);
    });

    it('remembers which seqs are forgotten even if its sweeps arrive in a different order', async () => {
      await fc.assert(
        fc.asyncProperty(sweeps, async (history) => {
          const fresh = new Place(create());
          try {
            const sweeper = await fresh.open();
            for (const { before, open } of history) await sweeper.prune({ before, open, drop: [] });
            for (let seq = 1; seq <= 20; seq++) {
              const isForgotten = history.some(({ before, open }) => seq < before && !open.includes(seq));
              const asked = sweeper.ask(seq, seq).then(
                () => 'taken',
                () => 'refused',
              );
              expect([seq, await asked]).toEqual([seq, isForgotten ? 'refused' : 'taken']);
            }
          } finally {
            await fresh.close();
          }
        }),
        { numRuns: 25 },
      );
    }, 60_000);

    it('cannot be opened by a queue that has not assigned a forgotten seq yet', async () => {
      const copy = startOf(2, { givenBelow: 29, nextSeq: 29 });
      await expect(place.open({ writer: 2, start: copy })).rejects.toThrow(
        'this queue is an older copy of the one that wrote to the sink: the sink has items up to number 29, but this queue had numbered only 28',
      );
      await expect(place.open({ writer: 2, start: copy })).rejects.toMatchObject(refused);
    });

    it('cannot be opened by a queue that has not assigned a seq of its ledger yet', async () => {
      const copy = startOf(2, { givenBelow: 40, nextSeq: 40 });
      await expect(place.open({ writer: 2, start: copy })).rejects.toMatchObject(refused);
      await place.open({ writer: 2, start: startOf(2, { givenBelow: 41, nextSeq: 41 }) });
    });

    it('cannot be opened by such a queue even after that queue has assigned those seqs to other items', async () => {
      const copy: QueueStart = {
        ...startOf(3),
        ids: ['copied 2', 'copied 1', 'start 1'],
        givenBelow: [90, 35, 1],
        nextSeq: [90, 35, 1],
      };
      await expect(place.open({ writer: 2, start: copy })).rejects.toThrow('this queue had numbered only 34');
    });

    it('can be opened by a queue that may have lost assigned seqs in a power loss, and continues above them', async () => {
      const start = startOf(2, { givenBelow: 30, nextSeq: 1_000_030 });
      await expect(place.open({ writer: 2, start })).resolves.toBeDefined();
    });

    it('can be opened repeatedly by the start that assigned them', async () => {
      const start = startOf(2, { givenBelow: 41, nextSeq: 41 });
      const first = await place.open({ writer: 2, start });
      await first.commit({ rows: [], seqs: seqs([41, 90]) });
      await first.prune({ before: 80, open: [], drop: [] });
      await expect(place.open({ writer: 3, start })).resolves.toBeDefined();
    });
  });

  describe('that has results of the same pipeline from another queue', () => {
    const others = async (context: Partial<SinkContext>): Promise<unknown[]> => {
      const found: unknown[] = [];
      await place.open({ ...context, onOtherQueues: (some) => void found.push(...some) });
      return found;
    };
    beforeEach(async () => {
      const start = { ...anotherQueue, directory: '/home/cron/.millrace/orders' };
      const writer = await place.open({ run: 'run-9', pipeline: 'orders', start });
      await writer.commit({ rows: [], seqs: seqs([1, 1]) });
    });

    it('reports them, with the directory of that queue', async () => {
      expect(await others({ pipeline: 'orders' })).toEqual([
        { queue: 'queue-2', directory: '/home/cron/.millrace/orders' },
      ]);
    });

    it('does not report them to another pipeline or to that queue itself', async () => {
      expect(await others({ pipeline: 'customers' })).toEqual([]);
      expect(await others({ run: 'run-9', writer: 2, pipeline: 'orders', start: anotherQueue })).toEqual([]);
    });
  });

  it('contains each item once, in its rows and in its ledger, after any history of commits and crashes', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(historySteps, { maxLength: 30, selector: (step) => step.seq }),
        async (history) => {
          const fresh = new Place(create());
          try {
            await replay(fresh, history);
          } finally {
            await fresh.close();
          }
        },
      ),
      { numRuns: 25 },
    );
  }, 60_000);
}

function lastingContract(create: () => SinkUnderTest): void {
  let place: Place;
  beforeEach(() => {
    place = new Place(create());
  });
  afterEach(async () => await place.close());

  it('refuses a run that has results but is unknown to the sink', async () => {
    await place.open({ run: 'run-2', writer: 1 });
    await expect(place.open({ writer: 2, isKnown: true })).rejects.toMatchObject({ code: 'SINK_OTHER', exitCode: 78 });
    await place.open({ writer: 2 });
    await place.open({ writer: 3, isKnown: true });
  });
}

const sweeps = fc.array(
  fc.record({
    before: fc.integer({ min: 0, max: 20 }),
    open: fc.uniqueArray(fc.integer({ min: 1, max: 20 }), { maxLength: 4 }),
  }),
  { maxLength: 4 },
);

/** A start of a queue that has nothing in the sink. */
const anotherQueue: QueueStart = { ...startOf(1), queue: 'queue-2', ids: ['other'] };

/** A writer commits `seq`. If it dies then, its successor is lent the same items again. */
const historySteps = fc.record({
  seq: fc.integer({ min: 1, max: 60 }),
  outcome: fc.constantFrom('lives', 'dies', 'hangs'),
});

async function replay(place: Place, history: { seq: number; outcome: string }[]): Promise<void> {
  let id = 1;
  let writer = await place.open({ writer: id });
  const orphans: RowWriter[] = [];
  for (const { seq, outcome } of history) {
    const batch = { rows: [row(seq)], seqs: seqs([seq, seq]) };
    if (outcome === 'lives') {
      await writer.commit(batch);
      continue;
    }
    // It is taken for dead before or after it has committed.
    if (outcome === 'hangs') orphans.push(writer);
    else await writer.commit(batch);
    const lost = id;
    id++;
    writer = await place.open({ writer: id });
    const highest = await writer.fence([lost]);
    const isDone = seq <= highest && (await writer.ask(seq, seq)).length > 0;
    for (const orphan of orphans) await expect(orphan.commit(batch)).rejects.toThrow(Fenced);
    if (!isDone) await writer.commit(batch);
  }
  const all = Intervals.of(...history.map(({ seq }) => [seq, seq] as const));
  expect(await writer.ask(0, 100)).toEqual([...all]);
  expect(place.ids()).toEqual(history.map(({ seq }) => seq).toSorted((a, b) => a - b));
}

/** A writer that accepts rows as they are returned. */
interface RowWriter extends Omit<SinkWriter<Row>, 'capture' | 'commit'> {
  commit: (batch: { rows: readonly Row[]; seqs: Intervals }) => Promise<void>;
}

/** A sink's place and everything that was opened on it. */
class Place {
  readonly #subject: SinkUnderTest;
  readonly #opened: SinkWriter<Row>[] = [];

  constructor(subject: SinkUnderTest) {
    this.#subject = subject;
  }

  get delivery(): Delivery {
    return this.#subject.sink.delivery;
  }

  async open(overrides: Partial<SinkContext> = {}): Promise<RowWriter> {
    const writer = await this.openBare(overrides);
    return {
      commit: async ({ rows, seqs: done }) => {
        await writer.commit(batchWith(done, capturedBy(writer, rows)));
      },
      fence: (writers) => writer.fence(writers),
      ask: (from, to) => writer.ask(from, to),
      prune: (request) => writer.prune(request),
      close: () => writer.close(),
    };
  }

  async openBare(overrides: Partial<SinkContext> = {}): Promise<SinkWriter<Row>> {
    const writer = await this.#subject.sink.open(sinkContext({ ...this.#subject.context, ...overrides }));
    this.#opened.push(writer);
    return writer;
  }

  /** The rows in the sink by id, each exactly as it was written. */
  ids(): number[] {
    const rows = this.#subject.rows().toSorted((a, b) => a.id - b.id);
    const altered = rows.find(({ id, text }) => text !== row(id).text);
    if (altered !== undefined) throw new Error(`a row was altered: ${JSON.stringify(altered)}`);
    return rows.map(({ id }) => id);
  }

  /** The ledger of run-1 as another queue sees it, including what it reports about forgotten seqs. */
  async ledger(): Promise<Interval[]> {
    const writer = await this.open({ writer: 999, start: anotherQueue });
    return await writer.ask(0, 1_000_000);
  }

  async close(): Promise<void> {
    for (const writer of this.#opened) await writer.close();
    this.#subject.dispose();
  }
}

function row(id: number): Row {
  return { id, text: `row ${id}` };
}

function seqs(...intervals: Interval[]): Intervals {
  return Intervals.of(...intervals);
}
