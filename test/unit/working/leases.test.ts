import { describe, expect, it } from '@jest/globals';
import { configError, DependencyError, PermanentError } from '../../../src/core/errors.ts';
import { defineProcessor, type OpenProcessor, type Processor, type SlotContext } from '../../../src/processors/port.ts';
import { AProcessor } from '../../support/a-processor.ts';
import { AConsumer, Held } from './a-consumer.ts';

/** A processor that the test opens in its own way. */
function opening(open: (context: SlotContext) => unknown): Processor<unknown> {
  return defineProcessor({ kind: 'tested', target: '', open: open as never });
}

describe('a leased processor', () => {
  it('runs one item at a time; only as many are opened as items run at a time', async () => {
    const gates = [1, 2, 3, 4, 5].map(() => new Held());
    const ran: [number, unknown][] = [];
    const world = await AConsumer.open({
      concurrency: 3,
      processor: opening(({ slot }) => ({
        run: (item: number) => {
          ran.push([slot, item]);
          return gates[item]!.promise;
        },
      })),
    });
    world.deliver([0, 1, 2, 3, 4]);
    await world.settle();
    expect(ran).toEqual([
      [1, 0],
      [2, 1],
      [3, 2],
    ]);
    gates[1]!.resolve('b');
    await world.settle();
    gates[0]!.resolve('a');
    await world.settle();
    expect(ran.slice(3)).toEqual([
      [2, 3],
      [1, 4],
    ]);
    for (const gate of gates) gate.resolve('rest');
    await world.settle();
    expect(world.done).toEqual([1, 2, 3, 4, 5]);
  });

  it('is leased again at once if it runs synchronously: one is enough for any number of items', async () => {
    const slots = new Set<number>();
    const world = await AConsumer.open({
      processor: opening(({ slot }) => ({ run: (item: number) => (slots.add(slot), item === 2 ? undefined : item) })),
    });
    world.deliver([1]);
    await world.settle();
    world.deliver([2, 3, 4], { seq: 2 });
    await world.settle();
    expect([...slots]).toEqual([1]);
    expect(world.store.rows).toEqual([1, 3, 4]);
    expect(world.done).toEqual([1, 2, 3, 4]);
  });

  it('runs with the same context as a function, and opens with the context of setup', async () => {
    const seen: object[] = [];
    const world = await AConsumer.open({
      processor: opening((context) => {
        seen.push(context);
        return {
          run(_item: unknown, itemContext: object) {
            seen.push({ ...itemContext });
          },
        };
      }),
    });
    world.deliver(['item'], { seq: 7 });
    await world.settle();
    expect(seen).toMatchObject([
      { slot: 1, ordinal: 1, params: {}, log: {}, clock: world.clock, signal: expect.any(AbortSignal) },
      { seq: 7, key: 'run-1:7', attempt: 1, resources: { table: 'looked up' }, signal: expect.any(AbortSignal) },
    ]);
    expect(seen[0]).toMatchObject({ fetch: expect.any(Function), limit: expect.any(Function), resolve: String });
  });

  it('fails its item as a function would, and stays open', async () => {
    const errors: Record<string, Error> = {
      throws: new Error('no'),
      permanent: new PermanentError('never'),
      dependency: new DependencyError('down'),
    };
    let opened = 0;
    const world = await AConsumer.open({
      concurrency: 1,
      processor: opening(() => {
        opened += 1;
        return {
          run(item: string) {
            const error = errors[item];
            if (error && item === 'throws') throw error;
            return error ? Promise.reject(error) : item;
          },
        };
      }),
    });
    world.deliver(['throws', 'permanent', 'dependency', 'good']);
    await world.settle();
    expect(world.failed.map(({ seq, verdict }) => [seq, verdict])).toEqual([
      [1, 'retry'],
      [2, 'dead'],
      [3, 'later'],
    ]);
    expect([world.done, opened, world.failures]).toEqual([[4], 1, []]);
  });
});

describe('a broken processor', () => {
  it('is closed at once, and opened again before the next item of its slot', async () => {
    const made = new AProcessor();
    const world = await AConsumer.open({ concurrency: 1, processor: made.processor });
    world.deliver([1, 'breaks', 3]);
    await world.settle();
    const first = ['open 1', 'run 1 in 1', 'run breaks in 1', 'close 1'];
    expect(made.history).toEqual([...first, 'open 1', 'run 3 in 1']);
    expect(world.failed).toMatchObject([{ seq: 2, verdict: 'retry', error: { message: 'breaks fails' } }]);
    expect(world.done).toEqual([1, 3]);
  });

  it('that broke between two items uses no item’s attempt', async () => {
    const made = new AProcessor();
    const world = await AConsumer.open({ concurrency: 1, processor: made.processor });
    world.deliver([1]);
    await world.settle();
    made.breakLast();
    world.deliver([2], { seq: 2 });
    await world.settle();
    expect(made.history).toEqual(['open 1', 'run 1 in 1', 'close 1', 'open 1', 'run 2 in 1']);
    expect([world.done, world.failed]).toEqual([[1, 2], []]);
  });

  it('leaves its item to the slots that are open, if any', async () => {
    const made = new AProcessor();
    const world = await AConsumer.open({ concurrency: 2, processor: made.processor });
    world.deliver([1, 'breaks']);
    await world.settle();
    world.deliver([3, 4], { seq: 3 });
    await world.settle();
    expect(made.history.slice(-3).toSorted()).toEqual(['open 2', 'run 3 in 1', 'run 4 in 2']);
  });

  it('is closed before another one is opened in its slot; an error of its close is logged', async () => {
    const closed = new Held();
    const history: string[] = [];
    const world = await AConsumer.open({
      concurrency: 1,
      processor: opening(() => {
        const open = { isBroken: false, run: () => void (open.isBroken = true), close: () => closed.promise };
        history.push('open');
        return open;
      }),
    });
    world.deliver([1, 2]);
    await world.settle();
    expect([history, world.done]).toEqual([['open'], [1]]);
    closed.reject(new Error('busy'));
    await world.settle();
    expect([history, world.done]).toEqual([
      ['open', 'open'],
      [1, 2],
    ]);
    const warning = expect.stringMatching(/^could not close the processor tested: busy/);
    expect(world.log).toEqual([warning, warning]);
  });
});

describe('a processor that cannot be opened', () => {
  it('ends the process, and its item returns to the queue without having used an attempt', async () => {
    const made = new AProcessor();
    let isDown = false;
    const world = await AConsumer.open({
      concurrency: 1,
      processor: {
        ...made.processor,
        open: (context) => {
          if (isDown) throw new Error('no more programs');
          return made.processor.open(context);
        },
      },
    });
    world.deliver([1]);
    await world.settle();
    isDown = true;
    world.deliver(['breaks', 3], { seq: 2 });
    await world.settle();
    expect(world.failures).toMatchObject([
      { code: 'PROCESSOR', exitCode: 1, message: 'could not open the processor doubling memory: no more programs' },
    ]);
    expect(world.failed.map(({ seq }) => seq)).toEqual([2]);
    expect(world.done).toEqual([1]);
  });

  it('ends the service if its error says so', async () => {
    const world = await AConsumer.open({
      processor: opening(() => {
        throw configError('NO_PROGRAM', 'there is no xsltproc');
      }),
    });
    world.deliver([1]);
    await world.settle();
    expect(world.failures).toMatchObject([{ exitCode: 78, cause: { code: 'NO_PROGRAM' } }]);
  });

  it.each([undefined, {}, { run: 'text' }, () => 1])('is one whose open returns %p', async (open) => {
    const world = await AConsumer.open({ processor: opening(() => open) });
    world.deliver([1]);
    await world.settle();
    expect(world.failures).toMatchObject([
      { exitCode: 78, message: expect.stringContaining('expected open() to return an object with a method run, got') },
    ]);
  });

  it('has as long as an item may take; then its signal aborts, and it counts as one that cannot be opened', async () => {
    const signals: AbortSignal[] = [];
    const world = await AConsumer.open({
      itemTimeoutMs: 3000,
      processor: opening(({ signal }) => {
        signals.push(signal);
        return new Promise(() => undefined);
      }),
    });
    world.deliver([1]);
    world.clock.turn(2000);
    await world.settle();
    expect([signals[0]!.aborted, world.failures]).toEqual([false, []]);
    world.clock.turn(2000);
    await world.settle();
    expect(signals[0]!.aborted).toBe(true);
    expect(world.failures).toMatchObject([{ message: expect.stringContaining('itemTimeout of 3000 ms') }]);
    expect(world.failed).toEqual([]);
  });
});

describe('the end of a consumer', () => {
  it('closes all processors once their items are settled, and before teardown', async () => {
    const made = new AProcessor();
    const world = await AConsumer.open({
      concurrency: 3,
      processor: made.processor,
      teardown: () => void made.history.push('teardown'),
    });
    world.deliver([1, 2, 3]);
    await world.settle();
    const drained = world.consumer.drain();
    expect(await world.isOver(drained)).toBe(true);
    expect(made.history.slice(-4)).toEqual(['close 1', 'close 2', 'close 3', 'teardown']);
    expect([made.open.size, world.done]).toEqual([0, [1, 2, 3]]);
  });

  it('waits for running items and for every close; a processor that cannot be closed is logged', async () => {
    const [ran, closed] = [new Held(), new Held()];
    const world = await AConsumer.open({
      processor: opening(() => ({ run: () => ran.promise, close: () => closed.promise })),
    });
    world.deliver([1]);
    await world.settle();
    const drained = world.consumer.drain();
    expect(await world.isOver(drained)).toBe(false);
    ran.resolve('result');
    expect(await world.isOver(drained)).toBe(false);
    expect(world.done).toEqual([1]);
    closed.reject(new Error('busy'));
    expect(await world.isOver(drained)).toBe(true);
    expect(world.log).toEqual([expect.stringContaining('could not close the processor tested: busy')]);
    expect(world.failures).toEqual([]);
  });

  it('that uses most of its time aborts items, and still closes their processors', async () => {
    const made = new AProcessor();
    const world = await AConsumer.open({ concurrency: 2, processor: made.processor });
    world.deliver(['slow', 'slow', 3]);
    await world.settle();
    const drained = world.consumer.drain();
    await world.settle();
    world.consumer.abort();
    expect(await world.isOver(drained)).toBe(true);
    expect([made.open.size, world.failed, world.done]).toEqual([0, [], []]);
    expect(world.givenBack).toEqual([3]);
  });

  it('that comes while a processor is being opened gives that processor up', async () => {
    const made = new AProcessor();
    const world = await AConsumer.open({
      processor: { ...made.processor, open: () => new Promise<never>(() => undefined) },
    });
    world.deliver([1]);
    await world.settle();
    const drained = world.consumer.drain();
    world.consumer.abort();
    expect(await world.isOver(drained)).toBe(true);
    expect([world.failed, world.failures]).toEqual([[], []]);
  });

  it('gives up a processor whose item was given back but is still running', async () => {
    const signals: AbortSignal[] = [];
    let closed = 0;
    const world = await AConsumer.open({
      processor: opening(({ signal }): OpenProcessor<unknown> => {
        signals.push(signal);
        return {
          run: async (_item, { limit }) => {
            await limit('frozen', () => new Promise(() => undefined));
          },
          close: () => void (closed += 1),
        };
      }),
    });
    world.deliver([1]);
    await world.settle();
    const drained = world.consumer.drain();
    world.consumer.withdraw({ type: 'withdraw', limits: ['frozen'], ms: 20_000 });
    expect(await world.isOver(drained)).toBe(true);
    expect([world.givenBack, signals[0]!.aborted, closed]).toEqual([[1], true, 0]);
  });

  it('without a drain gives up open processors', async () => {
    const made = new AProcessor();
    const world = await AConsumer.open({ processor: made.processor });
    world.deliver([1, 'slow']);
    await world.settle();
    await world.die();
    expect(made.history.slice(-2)).toEqual(['given up 1', 'given up 2']);
  });
});
