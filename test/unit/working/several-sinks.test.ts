import { describe, expect, it } from '@jest/globals';
import { to } from '../../../src/connectors/to.ts';
import { BadRow, OutcomeUnknown, type Sink, type SinkWriter } from '../../../src/sinks/port.ts';
import { ACalledSink } from '../../support/a-called-sink.ts';
import { APartSink } from '../../support/a-part-sink.ts';
import { AConsumer } from './a-consumer.ts';

/** A memory sink that refuses some rows when they are written. */
function refusing(isBad: (row: unknown) => boolean): { sink: Sink<unknown>; rows: readonly unknown[] } {
  const store = to.memory();
  const checked =
    <Batch extends { captured: readonly unknown[] }, Result>(write: (batch: Batch) => Promise<Result>) =>
    (batch: Batch): Promise<Result> =>
      batch.captured.some((row) => isBad(row)) ? Promise.reject(new BadRow('too long')) : write(batch);
  const open: Sink<unknown>['open'] = async (context) => {
    const writer = await store.open(context);
    return {
      ...writer,
      commit: checked((batch) => writer.commit(batch)),
      prepare: checked((batch) => writer.prepare!(batch)),
    };
  };
  return { sink: { ...store, open }, rows: store.rows };
}

/** A memory sink whose first commit, or the second half of it, ends in this way. */
function losing(end: 'before' | 'after' | 'never'): { sink: Sink<unknown>; rows: readonly unknown[] } {
  const store = to.memory();
  let isLost = false;
  const once = async (commit: () => Promise<unknown>): Promise<void> => {
    if (isLost) return void (await commit());
    isLost = true;
    if (end === 'never') return await new Promise(() => undefined);
    if (end === 'after') await commit();
    throw new OutcomeUnknown('connection lost');
  };
  const open: Sink<unknown>['open'] = async (context) => {
    const writer = await store.open(context);
    let undo: (() => Promise<void>) | undefined;
    return {
      ...writer,
      commit: (batch) => once(() => Promise.resolve(writer.commit(batch))),
      prepare: async (batch) => {
        const transaction = await writer.prepare!(batch);
        undo = transaction.rollback;
        return { ...transaction, commit: () => once(transaction.commit) };
      },
      // As a closed connection does.
      close: async () => await undo?.(),
    } satisfies SinkWriter<unknown>;
  };
  return { sink: { ...store, open }, rows: store.rows };
}

function times<T>(count: number, value: T): T[] {
  return Array.from({ length: count }, () => value);
}

describe('items of several sinks', () => {
  it('are settled once all sinks have them', async () => {
    const [a, b, called, parts] = [to.memory(), to.memory(), new ACalledSink(), new APartSink()];
    const world = await AConsumer.open({ sink: to.all(parts.sink, called.sink, a, b), process: (item) => item });
    world.deliver(['x', 'y']);
    await world.settle();
    expect([a.rows, b.rows, called.accepted, parts.parts.get(1)]).toEqual(times(4, ['x', 'y']));
    expect(world.settles).toMatchObject([{ done: [1, 2], failed: [], parts: { parts: 2 } }]);
  });

  it.each(['first', 'last'])('are in none of the transactional sinks if the %s one refuses them', async (place) => {
    const [good, bad] = [to.memory(), refusing((row) => row === 'bad')];
    const world = await AConsumer.open({
      sink: place === 'first' ? to.all(bad.sink, good) : to.all(good, bad.sink),
      process: (item) => item,
    });
    world.deliver(['a', 'bad', 'c']);
    await world.settle();
    expect([good.rows, bad.rows]).toEqual(times(2, ['a', 'c']));
    expect(world.failed).toEqual([expect.objectContaining({ seq: 2, verdict: 'dead' })]);
    expect(world.failed[0]).not.toHaveProperty('inSinks');
    expect(world.done).toEqual([1, 3]);
  });

  it.each([
    ['first', 'before'],
    ['first', 'after'],
    ['last', 'before'],
    ['last', 'after'],
  ] as const)('are in each sink once if the %s one loses its connection %s its commit', async (place, end) => {
    const [good, lost] = [to.memory(), losing(end)];
    const world = await AConsumer.open({
      sink: place === 'first' ? to.all(lost.sink, good) : to.all(good, lost.sink),
      process: (item) => item,
    });
    world.deliver(['a', 'b']);
    await world.settle();
    world.clock.turn(60_000);
    await world.settle();
    expect(world.failures).toEqual([]);
    expect([good.rows, lost.rows]).toEqual(times(2, ['a', 'b']));
    expect(world.done).toEqual([1, 2]);
  });

  it('are written only where they are missing after a crash between two commits', async () => {
    const [a, b] = [to.memory(), losing('never')];
    const sink = to.all(b.sink, a);
    const crashed = await AConsumer.open({ sink, process: (item) => item });
    crashed.deliver(['x', 'y']);
    await crashed.settle();
    expect([a.rows, b.rows, crashed.settles]).toEqual([['x', 'y'], [], []]);
    await crashed.die();
    const successor = await AConsumer.open({ sink, process: (item) => item, writer: 2 });
    successor.redeliver(['x', 'y', 'z'], { writers: [1] });
    await successor.settle();
    expect(successor.failures).toEqual([]);
    expect([a.rows, b.rows]).toEqual([
      ['x', 'y', 'z'],
      ['x', 'y', 'z'],
    ]);
    expect(successor.done).toEqual([1, 2, 3]);
  });

  it('that fail after such a crash say which sinks have them, and are not written there again when they are retried', async () => {
    const [a, b] = [to.memory(), losing('never')];
    const sink = to.all(b.sink, a);
    const crashed = await AConsumer.open({ sink, process: (item) => item });
    crashed.deliver(['x']);
    await crashed.settle();
    await crashed.die();
    let isBroken = true;
    const process = (item: unknown): unknown => {
      if (isBroken) throw new Error('no');
      return item;
    };
    const successor = await AConsumer.open({ sink, process, writer: 2 });
    successor.redeliver(['x'], { writers: [1] });
    await successor.settle();
    expect(successor.failed).toMatchObject([{ seq: 1, verdict: 'retry', inSinks: ['memory 2'] }]);
    isBroken = false;
    successor.deliver(['x'], { seq: 9, origin: 1, inSinks: ['memory 2'] });
    await successor.settle();
    expect([a.rows, b.rows, successor.done]).toEqual([['x'], ['x'], [9]]);
  });

  it('that were dead letters are settled, without running again, once the sinks that lacked them have them', async () => {
    const [a, b] = [to.memory(), to.memory()];
    const sink = to.all(a, b);
    const inSinks = ['memory'];
    const crashed = await AConsumer.open({ sink, process: (item) => item, confirms: false });
    crashed.deliver(['x'], { seq: 9, origin: 1, inSinks });
    await crashed.settle();
    await crashed.die();
    const successor = await AConsumer.open({ sink, process: (item) => item, writer: 2 });
    successor.redeliver(['x', 'y'], { seq: 9, origin: 1, inSinks, mode: 'askOnly', writers: [1] });
    await successor.settle();
    expect([a.rows, b.rows]).toEqual([[], ['x']]);
    expect(successor.done).toEqual([9]);
    expect(successor.failed).toMatchObject([{ seq: 10, verdict: 'absent' }]);
  });

  it('are in each sink once if one loses its connection after its commit while another refuses a row in its own commit', async () => {
    // SQLite checks a deferred foreign key only in COMMIT.
    const late = to.memory();
    const refusesLate: Sink<unknown> = {
      ...late,
      open: async (context) => {
        const writer = await late.open(context);
        const isBad = ({ captured }: { captured: readonly unknown[] }): boolean => captured.includes('bad');
        return {
          ...writer,
          commit: (batch) => (isBad(batch) ? Promise.reject(new BadRow('no parent')) : writer.commit(batch)),
          prepare: async (batch) => {
            const transaction = await writer.prepare!(batch);
            const commit = async (): Promise<void> => {
              await transaction.rollback();
              throw new BadRow('no parent');
            };
            return isBad(batch) ? { ...transaction, commit } : transaction;
          },
        };
      },
    };
    const [lost, last] = [losing('after'), to.memory()];
    const world = await AConsumer.open({ sink: to.all(refusesLate, lost.sink, last), process: (item) => item });
    world.deliver(['a', 'bad']);
    await world.settle();
    world.clock.turn(60_000);
    await world.settle();
    expect(world.failures).toEqual([]);
    expect([late.rows, lost.rows, last.rows]).toEqual([['a'], ['a', 'bad'], ['a', 'bad']]);
    expect(world.done).toEqual([1]);
    expect(world.failed).toMatchObject([{ seq: 2, verdict: 'dead', inSinks: ['memory 3', 'memory 2'] }]);
  });
});

describe('a sink that is only called', () => {
  it('gets again only the items that it did not accept, and settles none before', async () => {
    const called = new ACalledSink();
    let isBusy = true;
    called.answer = (row) => (row === 'b' && isBusy ? 'again' : 'accepted');
    const world = await AConsumer.open({ sink: called.sink, process: (item) => item });
    world.deliver(['a', 'b', 'c']);
    await world.settle();
    expect([called.accepted, world.settles]).toEqual([['a', 'c'], []]);
    isBusy = false;
    world.clock.turn(60_000);
    await world.settle();
    expect(called.calls).toEqual([['run-1:1', 'run-1:2', 'run-1:3'], ['run-1:2']]);
    expect([called.accepted, world.done]).toEqual([
      ['a', 'c', 'b'],
      [1, 2, 3],
    ]);
  });

  it('makes dead letters of the items that it refuses, without a second call', async () => {
    const called = new ACalledSink();
    called.answer = (row) => (row === 'b' ? 'refused' : 'accepted');
    const world = await AConsumer.open({ sink: called.sink, process: (item) => item });
    world.deliver(['a', 'b', 'c']);
    await world.settle();
    expect(called.calls).toHaveLength(1);
    expect(world.failed).toMatchObject([{ seq: 2, verdict: 'dead', error: { message: '422 Unprocessable' } }]);
    expect(world.done).toEqual([1, 3]);
  });

  it('settles an item that it refuses once, even if it then refuses the rest as a whole', async () => {
    const called = new ACalledSink();
    called.answer = (row) => (row === 'b' ? 'refused' : row === 'a' ? 'accepted' : 'again');
    let isStrict = false;
    const sink: Sink<unknown> = {
      ...called.sink,
      open: async (context) => {
        const writer = await called.sink.open(context);
        const commit: typeof writer.commit = (batch) =>
          isStrict && batch.captured.includes('c') ? Promise.reject(new BadRow('too large')) : writer.commit(batch);
        return { ...writer, commit };
      },
    };
    const world = await AConsumer.open({ sink, process: (item) => item });
    world.deliver(['a', 'b', 'c', 'd']);
    await world.settle();
    isStrict = true;
    called.answer = (row) => (row === 'b' ? 'refused' : 'accepted');
    world.clock.turn(60_000);
    await world.settle();
    expect(world.failed.map(({ seq, error }) => [seq, error.message])).toEqual([
      [2, '422 Unprocessable'],
      [3, 'too large'],
    ]);
    expect([called.accepted, world.done]).toEqual([
      ['a', 'd'],
      [1, 4],
    ]);
  });

  it('learns which items the transactional sinks have, and its dead letters name those sinks', async () => {
    const [store, called] = [to.memory(), new ACalledSink()];
    called.answer = (row) => (row === 'b' ? 'refused' : 'accepted');
    const world = await AConsumer.open({ sink: to.all(called.sink, store), process: (item) => item });
    world.deliver(['a', 'b']);
    await world.settle();
    expect([store.rows, called.accepted]).toEqual([['a', 'b'], ['a']]);
    expect(world.failed).toMatchObject([{ seq: 2, verdict: 'dead', inSinks: ['memory'] }]);
    called.answer = () => 'accepted';
    world.deliver(['b'], { seq: 7, origin: 2, inSinks: ['memory'] });
    await world.settle();
    expect([store.rows, called.accepted, called.calls.at(-1)]).toEqual([['a', 'b'], ['a', 'b'], ['run-1:2']]);
  });
});

describe('a sink of parts', () => {
  it('continues at the last certain end of its part, and the length goes with the items', async () => {
    const parts = new APartSink();
    const world = await AConsumer.open({ sink: parts.sink, process: (item) => item });
    world.deliver(['a', 'b']);
    await world.settle();
    parts.failures.push(new OutcomeUnknown('no answer'));
    world.deliver(['c', 'd'], { seq: 3 });
    await world.settle();
    expect(world.settles).toMatchObject([{ done: [1, 2], parts: { parts: 2 } }]);
    world.clock.turn(60_000);
    await world.settle();
    expect([parts.opened, parts.parts.get(1)]).toEqual([2, ['a', 'b', 'c', 'd']]);
    expect(world.settles.at(-1)).toMatchObject({ done: [3, 4], parts: { parts: 4 } });
  });

  it('keeps no row of an item that another sink refuses', async () => {
    const [parts, called] = [new APartSink(), new ACalledSink()];
    called.answer = (row) => (row === 'b' ? 'refused' : 'accepted');
    const world = await AConsumer.open({ sink: to.all(parts.sink, called.sink), process: (item) => item });
    world.deliver(['a', 'b', 'c']);
    await world.settle();
    expect(parts.parts.get(1)).toEqual(['a', 'c']);
    expect(world.failed).toMatchObject([{ seq: 2, verdict: 'dead' }]);
  });
});
