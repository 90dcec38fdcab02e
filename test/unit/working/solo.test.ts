import { describe, expect, it } from '@jest/globals';
import { AConsumer, Held } from './a-consumer.ts';

/** A consumer that runs items alone, and the order of events. */
async function alone(
  process: (item: unknown) => unknown,
): Promise<{ world: AConsumer; order: string[]; go: Held<void>[] }> {
  const order: string[] = [];
  const go: Held<void>[] = [];
  const world = await AConsumer.open({
    concurrency: 4,
    process: (item) => {
      order.push(`run ${String(item)}`);
      return process(item);
    },
    flush: () => {
      order.push(`start ${String(world.started.at(-1))}`);
      const flushed = new Held<void>();
      go.push(flushed);
      return flushed.promise;
    },
  });
  return { world, order, go };
}

describe('items that must run alone', () => {
  it('are announced, and run only when the announcement has left this process', async () => {
    const { world, order, go } = await alone((item) => item);
    world.deliver(['a', 'b'], { mode: 'alone' });
    await world.settle();
    expect(order).toEqual(['start 1']);
    go[0]!.resolve();
    await world.settle();
    expect(order).toEqual(['start 1', 'run a', 'start 2']);
    go[1]!.resolve();
    await world.settle();
    expect(order).toEqual(['start 1', 'run a', 'start 2', 'run b']);
    expect(world.done).toEqual([1, 2]);
  });

  it('run one at a time, across several deliveries, however they end', async () => {
    const held = new Held();
    const { world, order, go } = await alone((item) => {
      if (item === 'a') return held.promise;
      if (item === 'b') throw new Error('no');
      return item;
    });
    world.deliver(['a', 'b'], { mode: 'alone' });
    world.deliver(['c'], { mode: 'alone', seq: 7 });
    await world.settle();
    go[0]!.resolve();
    await world.settle();
    expect(order).toEqual(['start 1', 'run a']);
    expect(world.consumer.state).toMatchObject({ lent: 3, started: 1 });
    held.resolve('done');
    await world.settle();
    go[1]!.resolve();
    await world.settle();
    go[2]!.resolve();
    await world.settle();
    expect(order.slice(2)).toEqual(['start 2', 'run b', 'start 7', 'run c']);
    expect([world.done, world.failed.map(({ seq }) => seq)]).toEqual([[1, 7], [2]]);
  });

  it('wait for items that run together', async () => {
    const held = new Held();
    const { world, order } = await alone(() => held.promise);
    world.deliver(['x'], { seq: 5 });
    world.deliver(['a'], { mode: 'alone' });
    await world.settle();
    expect(order).toEqual(['run x']);
    held.resolve('x');
    await world.settle();
    expect(order).toEqual(['run x', 'start 1']);
  });

  it('leave the event loop a turn before the next one is announced: anything they have left behind comes first', async () => {
    const { world, order, go } = await alone((item) => {
      world.clock.soon(() => order.push(`left by ${String(item)}`));
    });
    world.deliver(['a', 'b'], { mode: 'alone' });
    await world.settle();
    go[0]!.resolve();
    await world.settle();
    expect(order).toEqual(['start 1', 'run a', 'left by a', 'start 2']);
  });

  it('are given back when the consumer stops, including one that was announced but not started', async () => {
    const { world, order, go } = await alone((item) => item);
    world.deliver(['a', 'b', 'c'], { mode: 'alone' });
    await world.settle();
    const drained = world.consumer.drain();
    go[0]!.resolve();
    expect(await world.isOver(drained)).toBe(true);
    expect([order, world.givenBack]).toEqual([['start 1'], [1, 2, 3]]);
  });

  it('do not run in a process that is about to end', async () => {
    const { world, order, go } = await alone((item) => item);
    world.deliver(['a', 'b'], { mode: 'alone' });
    await world.settle();
    world.consumer.letGo();
    go[0]!.resolve();
    await world.settle();
    expect(order).toEqual(['start 1']);
  });
});

describe('items that must only be looked up', () => {
  it('do not run: items in the sink are reported as done, others as absent', async () => {
    const first = await AConsumer.open();
    first.deliver(['a', 'b'], { seq: 1 });
    await first.settle();
    const { world, order } = await alone((item) => item);
    const second = await AConsumer.open({ store: first.store, writer: 2, process: () => order.push('run') });
    second.redeliver(['b', 'c'], { seq: 2, mode: 'askOnly', writers: [1] });
    await second.settle();
    expect([second.done, second.failed]).toMatchObject([[2], [{ seq: 3, verdict: 'absent' }]]);
    expect(order).toEqual([]);
    world.consumer.letGo();
  });
});
