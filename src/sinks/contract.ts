/**
 * Everything that a sink promises, as cases that any test runner can run. A case gets a sink with its own empty place,
 * and rejects if the sink breaks the promise:
 *
 *     for (const { name, run } of sinkContract('transaction')) it(name, () => run(() => mySinkWithAnEmptyPlace()));
 */
import assert from 'node:assert/strict';
import type { Clock } from '../core/clock.ts';
import { casesOf } from '../core/contract.ts';
import type { QueueStart } from '../core/queue-start.ts';
import { batchOf } from './batch.ts';
import {
  sinkFailureOf,
  sinkId,
  type Batch,
  type Delivery,
  type Sink,
  type SinkContext,
  type SinkWriter,
} from './port.ts';

/** A sink with its own place, and a way to look into that place from outside. */
export interface SinkUnderTest<Row> {
  readonly sink: Sink<Row>;
  /** The row of this number; rows of different numbers are different. */
  row(id: number): Row;
  /** A row that the sink refuses, when it is captured or when it is written. Left out if the sink accepts every row. */
  badRow?(): Row;
  /**
   * The numbers of the rows in the place, in any order, each as often as it is there. For a sink that publishes its
   * results at the end of a run: the published rows.
   */
  ids(): number[] | Promise<number[]>;
  /** Additional properties of each context for this sink. */
  readonly context?: Partial<SinkContext>;
  /** Time for the sink's waits. */
  readonly clock: Clock;
  dispose?(): void | Promise<void>;
}

export interface ContractCase {
  readonly name: string;
  readonly run: <Row>(create: () => SinkUnderTest<Row> | Promise<SinkUnderTest<Row>>) => Promise<void>;
}

/** The cases for a sink of this delivery. */
export function sinkContract(delivery: Delivery): readonly ContractCase[] {
  const own = { transaction: transactional, part: partial, call: called }[delivery];
  const cases = casesOf([...common, ...own], {
    open: (place: Place<unknown>) => place,
    prepare: (place) => assert.equal(place.delivery, delivery, 'the specification says how the sink delivers'),
  });
  return cases.map(({ name, run }) => ({
    name,
    run: (create) => run(async () => new Place(await create()) as Place<unknown>),
  }));
}

interface Case {
  name: string;
  test: (place: Place<unknown>) => Promise<void>;
}

// ── every sink ───────────────────────────────────────────────────────────────────────────────────────────────────

const common: readonly Case[] = [
  {
    name: 'has the rows once the commit resolves',
    test: async (place) => {
      const writer = await place.open();
      await place.commit(writer, [1, 2], [[1], [2, 3]]);
      await place.commit(writer, [3], [[4]]);
      await place.has([1, 2, 3, 4]);
    },
  },
  {
    name: 'takes a batch of items without rows, and a batch without items',
    test: async (place) => {
      const writer = await place.open();
      await place.commit(writer, [1, 2, 3], [[], [7], []]);
      await place.commit(writer, [], []);
      await place.has([7]);
    },
  },
  {
    name: 'takes rows that an earlier opening has captured, also when that is closed',
    test: async (place) => {
      const first = await place.open();
      const captured: unknown[] = [];
      first.capture(place.row(1), captured);
      await first.close();
      first.capture(place.row(2), captured);
      const again = await place.open();
      await place.write(again, batchOf({ seqs: [1], ends: [captured.length], captured, run: 'run-1' }));
      await place.has([1, 2]);
    },
  },
  {
    name: 'serves each writer, even while other writers have it open',
    test: async (place) => {
      const [first, second] = [await place.open({ writer: 1 }), await place.open({ writer: 2 })];
      await place.commit(first, [1], [[1]], 1);
      await place.commit(second, [2], [[2]], 2);
      await first.close();
      await place.commit(second, [3], [[3]], 2);
      await place.has([1, 2, 3]);
    },
  },
  {
    name: 'can be asked, fenced, pruned and closed more than once',
    test: async (place) => {
      const writer = await place.open({ writer: 9 });
      for (const times of [1, 2]) {
        assert.equal(await writer.fence([times]), 0);
        assert.deepEqual(await writer.ask(1, 100), []);
        await writer.prune({ before: 1, open: [], drop: ['run-0'] });
      }
      await writer.close();
      await writer.close();
    },
  },
  {
    name: 'refuses a row that it can never accept as the fault of the row, and keeps nothing of it',
    test: async (place) => {
      const bad = place.badRow();
      if (bad === undefined) return;
      const writer = await place.open();
      const refusal = await refused(async () => {
        const captured: unknown[] = [];
        writer.capture(bad, captured);
        const batch = batchOf({ seqs: [1], ends: [captured.length], captured, run: 'run-1' });
        const { refused: items } = (await writer.commit(batch)) ?? {};
        if (items?.has(1)) throw Object.assign(new Error(String(items.get(1))), { failure: 'row' });
      });
      assert.equal(sinkFailureOf(refusal), 'row');
      await place.commit(writer, [2], [[2]]);
      await place.has([2]);
    },
  },
  {
    name: 'that finishes a run can do so again',
    test: async (place) => {
      const writer = await place.open();
      await place.commit(writer, [1], [[1]]);
      await writer.close();
      await place.finish();
      await place.finish();
      await place.has([1]);
    },
  },
];

// ── transaction ──────────────────────────────────────────────────────────────────────────────────────────────────

const transactional: readonly Case[] = [
  {
    name: 'knows the items of a batch, including those without rows, and no others',
    test: async (place) => {
      const writer = await place.open();
      await place.commit(writer, [1, 2, 3, 6, 9], [[1], [], [], [2], []]);
      assert.deepEqual(await writer.ask(1, 20), [
        [1, 3],
        [6, 6],
        [9, 9],
      ]);
      assert.deepEqual(await writer.ask(4, 5), []);
    },
  },
  {
    name: 'knows only the items of its own run',
    test: async (place) => {
      const [one, other] = [await place.open(), await place.open({ run: 'run-2' })];
      await place.commit(one, [1, 2, 3, 4], [[1], [], [], []]);
      await place.commit(other, [3], [[2]]);
      assert.deepEqual(await other.ask(1, 9), [[3, 3]]);
      assert.equal(await other.fence([]), 3);
    },
  },
  {
    name: 'keeps its records separate from those of another sink in the same place: neither bars the other, nor has its items',
    test: async (place) => {
      const one = await place.open();
      const other = await place.open({ sink: 'another' });
      await place.commit(one, [1], [[1]]);
      assert.deepEqual([await one.ask(1, 9), await other.ask(1, 9)], [[[1, 1]], []]);
    },
  },
  {
    name: 'lets a barred writer commit nothing, whether it has opened yet or not',
    test: async (place) => {
      const barred = await place.open({ writer: 1 });
      await place.commit(barred, [1], [[1]]);
      const successor = await place.open({ writer: 2 });
      assert.equal(await successor.fence([1, 7]), 1);
      await fails('fenced', () => place.commit(barred, [2], [[2]]));
      await fails('fenced', () => barred.fence([2]));
      await fails('fenced', () => place.open({ writer: 7 }));
      await place.commit(successor, [2], [[3]]);
      await place.has([1, 3]);
    },
  },
  {
    name: 'bars the earlier self of a writer that opens again',
    test: async (place) => {
      const before = await place.open();
      const after = await place.open();
      await fails('fenced', () => place.commit(before, [1], [[1]]));
      await place.commit(after, [1], [[2]]);
      await place.has([2]);
    },
  },
  {
    name: 'refuses items that it already has, and keeps nothing of that batch',
    test: async (place) => {
      const writer = await place.open();
      await place.commit(writer, [10, 11, 12], [[1], [], []]);
      await assert.rejects(place.commit(writer, [3, 11, 40], [[2], [3], [4]]));
      assert.deepEqual(await writer.ask(0, 50), [[10, 12]]);
      await place.commit(writer, [3], [[5]]);
      await place.has([1, 5]);
    },
  },
  {
    name: 'forgets items below the mark, keeps those that a retry may ask for, and refuses questions about forgotten ones',
    test: async (place) => {
      const writer = await place.open();
      for (const seq of [1, 2, 3, 7, 8]) await place.commit(writer, [seq], [[]]);
      await writer.prune({ before: 5, open: [2], drop: [] });
      assert.deepEqual(await writer.ask(2, 2), [[2, 2]]);
      assert.deepEqual(await writer.ask(5, 9), [[7, 8]]);
      await fails('fatal', () => writer.ask(1, 1));
      await fails('fatal', () => place.commit(writer, [3], [[1]]));
      assert.equal(await writer.fence([]), 8);
      await place.has([]);
    },
  },
  {
    name: 'refuses a queue that is older than the one that it knows',
    test: async (place) => {
      await place.commit(await place.open({ start: startOf(3) }), [1], [[1]]);
      await fails('fatal', () => place.open({ writer: 2, start: startOf(2) }));
      await place.open({ writer: 2, start: startOf(4) });
    },
  },
  {
    name: 'can write a batch first and commit it later: it then has all of it, or nothing after a rollback',
    test: async (place) => {
      const writer = await place.open();
      if (!writer.prepare) return;
      await (await writer.prepare(place.batch(writer, [1], [[1]]))).rollback();
      assert.deepEqual(await writer.ask(1, 9), []);
      const prepared = await writer.prepare(place.batch(writer, [1, 2], [[2], [3]]));
      await prepared.commit();
      assert.deepEqual(await writer.ask(1, 9), [[1, 2]]);
      await place.has([2, 3]);
    },
  },
  {
    name: 'rolls back what is prepared when it is closed, and the next opening can write it',
    test: async (place) => {
      const writer = await place.open();
      if (!writer.prepare) return;
      const prepared = await writer.prepare(place.batch(writer, [1], [[1]]));
      await writer.close();
      await assert.rejects(() => prepared.commit());
      const again = await place.open();
      assert.deepEqual(await again.ask(1, 9), []);
      await place.commit(again, [1], [[1]]);
      await place.has([1]);
    },
  },
];

// ── part ─────────────────────────────────────────────────────────────────────────────────────────────────────────

const partial: readonly Case[] = [
  {
    name: 'reports where its part ends, and when it is opened again, drops everything after that',
    test: async (place) => {
      const writer = await place.open();
      await place.commit(writer, [1], [[1]]);
      const end = place.partOf(1);
      assert.notEqual(end, undefined);
      await place.commit(writer, [2], [[2]]);
      await writer.close();
      const again = await place.open({ part: end });
      await place.commit(again, [3], [[3]]);
      await place.has([1, 3]);
    },
  },
  {
    name: 'publishes only results that were settled',
    test: async (place) => {
      const writer = await place.open();
      await place.commit(writer, [1], [[1]]);
      const end = place.partOf(1);
      await place.commit(writer, [2], [[2]]);
      place.settled(1, end);
      await place.has([1]);
    },
  },
];

// ── call ─────────────────────────────────────────────────────────────────────────────────────────────────────────

const called: readonly Case[] = [
  {
    name: 'has no ledger: it reports that it has no items, and works when it is opened again',
    test: async (place) => {
      const writer = await place.open();
      await place.commit(writer, [1], [[1]]);
      const again = await place.open({ isKnown: true });
      assert.deepEqual(await again.ask(1, 9), []);
      await place.commit(again, [2], [[2]]);
      await place.has([1, 2]);
    },
  },
];

// ── the place ────────────────────────────────────────────────────────────────────────────────────────────────────

/** A sink's place, and everything that has been opened on it. */
class Place<Row> {
  readonly #subject: SinkUnderTest<Row>;
  readonly #opened: SinkWriter<Row>[] = [];
  /** By writer. */
  readonly #parts = new Map<number, unknown>();

  constructor(subject: SinkUnderTest<Row>) {
    this.#subject = subject;
  }

  get delivery(): Delivery {
    return this.#subject.sink.delivery;
  }

  row(id: number): Row {
    return this.#subject.row(id);
  }

  badRow(): Row | undefined {
    return this.#subject.badRow?.();
  }

  async open(overrides: Partial<SinkContext> = {}): Promise<SinkWriter<Row>> {
    const { sink, clock, context } = this.#subject;
    const writer = await sink.open({
      run: 'run-1',
      writer: 1,
      sink: sinkId(sink),
      pipeline: 'contract',
      start: startOf(1),
      part: undefined,
      otherTables: [],
      onOtherQueues: () => undefined,
      isKnown: false,
      resolve: String,
      isSecret: () => false,
      signal: new AbortController().signal,
      clock,
      exclusive: async (_name, task) => await task(),
      writeOut: () => Promise.resolve(),
      toProgram: { encode: (row) => row, send: () => undefined },
      ...context,
      ...overrides,
    });
    this.#opened.push(writer);
    return writer;
  }

  /** A batch of these items, each with the rows that have these numbers. */
  batch(writer: SinkWriter<Row>, seqs: readonly number[], rows: readonly (readonly number[])[]): Batch {
    const captured: unknown[] = [];
    const ends = rows.map((ids) => {
      for (const id of ids) writer.capture(this.row(id), captured);
      return captured.length;
    });
    return batchOf({ seqs, ends, captured, run: 'run-1' });
  }

  async commit(
    writer: SinkWriter<Row>,
    seqs: readonly number[],
    rows: readonly (readonly number[])[],
    id = 1,
  ): Promise<void> {
    await this.write(writer, this.batch(writer, seqs, rows), id);
  }

  async write(writer: SinkWriter<Row>, batch: Batch, id = 1): Promise<void> {
    const { refused: items, again, part } = (await writer.commit(batch)) ?? {};
    for (const [seq, error] of [...(items ?? []), ...(again ?? [])]) {
      throw new Error(`expected the sink to take item ${seq}, got ${String(error)}`);
    }
    if (part !== undefined) this.settled(id, part);
  }

  partOf(writer: number): unknown {
    return this.#parts.get(writer);
  }

  /** The queue's record of where the writer's part ends. It is kept as JSON. */
  settled(writer: number, part: unknown): void {
    this.#parts.set(writer, JSON.parse(JSON.stringify(part)));
  }

  /** Like the end of a run. */
  async finish(): Promise<void> {
    const { sink, clock } = this.#subject;
    await sink.finish?.({
      run: 'run-1',
      sink: sinkId(sink),
      pipeline: 'contract',
      parts: [...this.#parts].map(([writer, part]) => ({ writer, part })),
      clock,
      signal: new AbortController().signal,
      resolve: String,
      isSecret: () => false,
    });
  }

  async has(ids: readonly number[]): Promise<void> {
    await this.finish();
    assert.deepEqual(
      [...(await this.#subject.ids())].toSorted((a, b) => a - b),
      ids,
    );
  }

  async close(): Promise<void> {
    for (const writer of this.#opened) await writer.close();
    await this.#subject.dispose?.();
  }
}

/** The start with that number, of a queue that was never copied. */
function startOf(generation: number): QueueStart {
  const of = <T>(value: (ago: number) => T): T[] => Array.from({ length: generation }, (_, ago) => value(ago));
  return {
    queue: 'queue-1',
    generation,
    ids: of((ago) => `start ${generation - ago}`),
    directory: '/state/queue-1',
    givenBelow: of(() => 1000),
    nextSeq: of(() => 1000),
  };
}

async function refused(attempt: () => Promise<unknown>): Promise<unknown> {
  try {
    await attempt();
  } catch (error) {
    return error;
  }
  throw new assert.AssertionError({ message: 'expected the sink to refuse, and it did not' });
}

async function fails(failure: string, attempt: () => Promise<unknown>): Promise<void> {
  assert.equal(sinkFailureOf(await refused(attempt)), failure);
}
