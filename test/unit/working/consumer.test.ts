import { getEventListeners } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { to } from '../../../src/connectors/to.ts';
import { asOutside, DependencyError, PermanentError, RetryAfter, configError } from '../../../src/core/errors.ts';
import type { ProcessContext } from '../../../src/pipeline/context.ts';
import { BadRow, withoutLedger, type Batch, type Sink, type SinkWriter } from '../../../src/sinks/port.ts';
import { AServer, type Fate } from '../../support/a-server.ts';
import { withoutPlaces } from '../../support/without-places.ts';
import { AConsumer, Held } from './a-consumer.ts';

/** A writer whose commits wait for the test. */
function heldCommits(): {
  wrap: (writer: SinkWriter<unknown>) => SinkWriter<unknown>;
  commits: { batch: Batch; go: Held<void> }[];
} {
  const commits: { batch: Batch; go: Held<void> }[] = [];
  const wrap = (writer: SinkWriter<unknown>): SinkWriter<unknown> => ({
    ...passingOn(writer),
    async commit(batch) {
      const go = new Held<void>();
      commits.push({ batch, go });
      await go.promise;
      await writer.commit(batch);
    },
  });
  return { wrap, commits };
}

function passingOn(writer: SinkWriter<unknown>): SinkWriter<unknown> {
  return {
    capture: (row, captured) => writer.capture(row, captured),
    commit: (batch) => writer.commit(batch),
    fence: (writers) => writer.fence(writers),
    ask: (from, to) => writer.ask(from, to),
    prune: (request) => writer.prune(request),
    close: () => writer.close(),
  };
}

describe('items', () => {
  it('are processed, their results committed, and only then settled', async () => {
    const { wrap, commits } = heldCommits();
    const world = await AConsumer.open({ wrap, process: (item) => ({ doubled: Number(item) * 2 }) });
    world.deliver([1, 2, 3], { seq: 11 });
    await world.settle();
    expect(commits.map(({ batch }) => [batch.captured, batch.items.toFlat()])).toEqual([
      [
        [{ doubled: 2 }, { doubled: 4 }, { doubled: 6 }],
        [11, 13],
      ],
    ]);
    expect(world.said).toEqual([]);
    commits[0]!.go.resolve();
    await world.settle();
    expect(world.settles).toMatchObject([{ done: [11, 13], failed: [] }]);
    expect(world.store.rows).toEqual([{ doubled: 2 }, { doubled: 4 }, { doubled: 6 }]);
  });

  it('keep the key of their first seq after they have been dead letters', async () => {
    const keys: string[] = [];
    const world = await AConsumer.open({ process: (_, { key, seq }) => void keys.push(`${seq} is ${key}`) });
    world.deliver(['a', 'b'], { seq: 7 });
    world.deliver(['c'], { seq: 12, origin: 3 });
    world.deliver(['d'], { seq: 13, origin: 2, originRun: 'run-0' });
    await world.settle();
    expect(keys).toEqual(['7 is run-1:7', '8 is run-1:8', '12 is run-1:3', '13 is run-0:2']);
  });

  it('come with a context that can be spread and listed without losing anything', async () => {
    const seen: unknown[] = [];
    const world = await AConsumer.open({
      process: (_, context) => {
        const { log, ...copy } = { ...context, more: 1 };
        seen.push(Object.keys(context), copy);
        log.info(`aborted: ${copy.signal.aborted}`);
      },
    });
    world.deliver(['item'], { seq: 7 });
    await world.settle();
    expect(seen).toEqual([
      ['params', 'fetch', 'limit', 'signal', 'log', 'attempt', 'seq', 'key', 'resources'],
      {
        params: {},
        fetch: expect.any(Function),
        limit: expect.any(Function),
        signal: expect.any(AbortSignal),
        attempt: 1,
        seq: 7,
        key: 'run-1:7',
        resources: { table: 'looked up' },
        more: 1,
      },
    ]);
    expect(world.log).toEqual(['aborted: false']);
    expect(world.openScopes).toBe(0);
  });

  it('go to the sink unchanged when the pipeline has no process', async () => {
    const world = await AConsumer.open();
    world.deliver([{ id: 1 }, [{ id: 2 }, 3]]);
    await world.settle();
    expect(world.store.rows).toEqual([{ id: 1 }, [{ id: 2 }, 3]]);
    expect(world.done).toEqual([1, 2]);
  });

  it.each<[string, unknown, unknown[]]>([
    ['one result', { id: 1 }, [{ id: 1 }]],
    ['a result that is falsy', 0, [0]],
    ['many', [{ id: 1 }, { id: 2 }], [{ id: 1 }, { id: 2 }]],
    ['none', undefined, []],
    ['null', null, []],
    ['an empty array', [], []],
    ['an array with gaps', [{ id: 1 }, null, undefined, { id: 2 }], [{ id: 1 }, { id: 2 }]],
  ])('may have %s: they are settled in any case', async (_, result, rows) => {
    for (const process of [() => result, () => Promise.resolve(result)]) {
      const world = await AConsumer.open({ process });
      world.deliver(['item']);
      await world.settle();
      expect(world.store.rows).toEqual(rows);
      expect(world.done).toEqual([1]);
    }
  });

  it('that finish during a commit share the next one', async () => {
    const { wrap, commits } = heldCommits();
    const gates = [1, 2, 3, 4].map(() => new Held());
    const world = await AConsumer.open({ wrap, process: (item) => gates[Number(item)]!.promise });
    world.deliver([0, 1, 2, 3]);
    gates[2]!.resolve('c');
    await world.settle();
    for (const i of [0, 3]) {
      gates[i]!.resolve(`${i}`);
      await world.settle();
    }
    expect(commits).toHaveLength(1);
    commits[0]!.go.resolve();
    await world.settle();
    expect(commits.map(({ batch }) => [batch.captured, batch.items.toFlat()])).toEqual([
      [['c'], [3, 3]],
      [
        ['0', '3'],
        [1, 1, 4, 4],
      ],
    ]);
  });

  it('are processed with their number, attempt, key and resources', async () => {
    const seen: unknown[] = [];
    const world = await AConsumer.open({
      process: (_item, { seq, attempt, key, resources }) => void seen.push([seq, attempt, key, resources]),
    });
    world.deliver(['a'], { seq: 7, attempt: 3 });
    await world.settle();
    expect(seen).toEqual([[7, 3, 'run-1:7', { table: 'looked up' }]]);
  });

  it('leave nothing open when they are done, whether or not they failed', async () => {
    const world = await AConsumer.open({
      process: (item, context: ProcessContext) => {
        void context.fetch;
        if (item === 'throws') throw new Error('no');
        return item === 'rejects' ? Promise.reject(new Error('no')) : item;
      },
    });
    world.deliver(['a', 'throws', 'rejects']);
    await world.settle();
    expect(world.openScopes).toBe(0);
  });
});

describe('a settle', () => {
  it('is the only one on its way; results that come in the meantime wait for the next one', async () => {
    const world = await AConsumer.open({ confirms: false });
    world.deliver(['a'], { seq: 1 });
    await world.settle();
    world.deliver(['b'], { seq: 2 });
    await world.settle();
    world.deliver(['c'], { seq: 3 });
    await world.settle();
    expect(world.settles).toMatchObject([{ done: [1, 1] }]);
    world.consumer.settled();
    expect(world.settles).toMatchObject([{ done: [1, 1] }, { done: [2, 3] }]);
  });
});

describe('the basis on which a supervisor compares items', () => {
  it('includes the limits under which finished items have called, counted when their results are in the sink', async () => {
    const world = await AConsumer.open({
      process: async (item, { limit }) => {
        if (item === 'free') return item;
        await limit('vendor', () => undefined);
        if (item === 'both') await limit('printer', () => undefined);
        return item;
      },
    });
    world.deliver(['free', 'vendor', 'both']);
    await world.settle();
    const settles = world.sent.filter((message) => message.type === 'settle');
    const used = settles.map((message) => message.used).filter((each) => each !== undefined);
    const total = (limit: string): number => used.reduce((sum, counts) => sum + (counts[limit] ?? 0), 0);
    expect([total('vendor'), total('printer')]).toEqual([2, 1]);
  });

  it('includes whether a failure looks like an outage, and under which limit', async () => {
    const world = await AConsumer.open({
      process: (item) => {
        const lost = asOutside(new DependencyError('cannot reach it'), 'vendor');
        if (item === 'ours') throw lost;
        if (item === 'wrapped') throw new DependencyError('my vendor is out', { cause: lost });
        if (item === 'own') throw new DependencyError('my vendor is out');
        if (item === 'permanent') throw new PermanentError('never', { cause: lost });
        throw new RetryAfter(1000);
      },
    });
    world.deliver(['ours', 'wrapped', 'own', 'permanent', 'asks for time']);
    await world.settle();
    const failed = world.sent.flatMap((message) => (message.type === 'settle' ? message.failed : []));
    expect(failed.map(({ verdict, outside }) => [verdict, outside])).toEqual([
      ['later', { limit: 'vendor' }],
      ['later', { limit: 'vendor' }],
      ['later', { limit: null }],
      ['dead', undefined],
      ['later', undefined],
    ]);
  });
});

describe('an item that fails', () => {
  it.each<[string, () => unknown, object]>([
    ['throws', thrower(new Error('no')), { verdict: 'retry', error: { message: 'no' }, afterMs: null }],
    ['rejects', () => Promise.reject(new Error('no')), { verdict: 'retry', error: { message: 'no' } }],
    ['throws null', thrower(null), { verdict: 'retry', error: { code: 'THROWN', message: 'a null was thrown: null' } }],
    ['rejects with nothing', () => Promise.reject(), { verdict: 'retry', error: { code: 'THROWN' } }],
    ['throws text', thrower('no'), { verdict: 'retry', error: { message: 'a string was thrown: no' } }],
    ['can never succeed', thrower(new PermanentError('bad')), { verdict: 'dead', error: { code: 'PERMANENT' } }],
    ['asks for time', thrower(new RetryAfter(5000)), { verdict: 'later', afterMs: 5000 }],
    ['needs something that is out', thrower(new DependencyError('down')), { verdict: 'later', afterMs: null }],
    [
      'throws something that cannot be inspected',
      thrower(
        new Proxy(
          {},
          {
            get: () => {
              throw new Error('never');
            },
          },
        ),
      ),
      { verdict: 'retry' },
    ],
    [
      'returns a thenable that throws',
      () => thenable({ value: thrower(new Error('no promise')) }),
      { verdict: 'retry', error: { message: 'no promise' } },
    ],
    [
      'returns something whose then cannot even be read',
      () => thenable({ get: thrower(new Error('no then')) }),
      { verdict: 'retry', error: { message: 'no then' } },
    ],
  ])('because it %s is reported with that reason, and the others continue', async (_, fail, failure) => {
    const world = await AConsumer.open({ process: (item) => (item === 'bad' ? fail() : item) });
    world.deliver(['a', 'bad', 'b']);
    await world.settle();
    expect(world.failed).toMatchObject([{ seq: 2, ...failure }]);
    expect(world.done).toEqual([1, 3]);
    expect(world.failures).toEqual([]);
  });

  it('because it uses a limit that the pipeline does not have ends the service with 78', async () => {
    const error = Object.assign(new Error('expected the name of a limit'), { code: 'UNKNOWN_LIMIT' });
    const world = await AConsumer.open({ process: thrower(error) });
    world.deliver(['a']);
    await world.settle();
    expect(world.failures).toMatchObject([{ code: 'UNKNOWN_LIMIT', exitCode: 78 }]);
    expect(world.failed).toEqual([]);
  });
});

describe('the slots', () => {
  it('hold at most C items at a time, and take the next item as soon as a slot is free', async () => {
    const gates = Array.from({ length: 6 }, () => new Held());
    const started: unknown[] = [];
    const world = await AConsumer.open({
      concurrency: 2,
      process: (item) => {
        started.push(item);
        return gates[Number(item)]!.promise;
      },
    });
    world.deliver([0, 1, 2, 3, 4, 5]);
    await world.settle();
    expect(started).toEqual([0, 1]);
    expect(world.consumer.state).toMatchObject({ lent: 6, started: 2 });
    gates[1]!.resolve(undefined);
    await world.settle();
    expect(started).toEqual([0, 1, 2]);
    for (const gate of gates) gate.resolve(undefined);
    await world.settle();
    expect(started).toEqual([0, 1, 2, 3, 4, 5]);
    expect(world.consumer.state).toMatchObject({ lent: 0, started: 0, oldestMs: 0 });
  });

  it('report the age of their oldest item', async () => {
    const world = await AConsumer.open({ process: () => new Promise(() => {}) });
    world.deliver(['a']);
    world.clock.turn(700);
    world.deliver(['b'], { seq: 2 });
    world.clock.turn(300);
    expect(world.consumer.state.oldestMs).toBe(1000);
  });

  it('are not needed by items that are done at once, however many', async () => {
    const world = await AConsumer.open({ concurrency: 1 });
    world.deliver(Array.from({ length: 500 }, (_, i) => i));
    expect(world.consumer.state).toMatchObject({ lent: 0, started: 0 });
    await world.settle();
    expect(world.settles).toMatchObject([{ done: [1, 500] }]);
  });

  it('let the event loop turn during a long run of such items', async () => {
    const world: AConsumer = await AConsumer.open({ process: () => world.clock.standStill(4) });
    world.deliver(Array.from({ length: 9 }, (_, i) => i));
    expect(world.consumer.state.lent).toBe(6);
    world.deliver(['more'], { seq: 10 });
    expect(world.consumer.state.lent).toBe(7);
    world.clock.endTick();
    expect(world.consumer.state.lent).toBe(4);
    await world.settle();
    expect(world.done).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });

  it('abort an item’s signal at its timeout', async () => {
    const aborted: unknown[] = [];
    const world = await AConsumer.open({
      itemTimeoutMs: 3000,
      process: (item, { signal }) =>
        new Promise((_, reject) => {
          if (item === 'deaf') return;
          signal.addEventListener('abort', () => {
            aborted.push((signal.reason as Error).name);
            reject(signal.reason as Error);
          });
        }),
    });
    world.deliver(['deaf', 'a']);
    world.clock.turn(2999);
    expect(aborted).toEqual([]);
    world.clock.turn(1);
    await world.settle();
    expect(aborted).toEqual(['TimeoutError']);
    expect(world.failed).toMatchObject([{ seq: 2, verdict: 'retry' }]);
    expect(world.consumer.state.started).toBe(1);
  });

  it('give an item that asks late a signal that is already aborted', async () => {
    let late: AbortSignal | undefined;
    const gate = new Held();
    const world = await AConsumer.open({
      itemTimeoutMs: 1000,
      process: async (_item, context: ProcessContext) => {
        await gate.promise;
        late = context.signal;
      },
    });
    world.deliver(['a']);
    world.clock.turn(2000);
    gate.resolve(undefined);
    await world.settle();
    expect(late?.aborted).toBe(true);
  });
});

describe('items that are lent ahead of their start', () => {
  it('start only when the announcement is sure to reach the supervisor, whatever happens to the process', async () => {
    const ran: unknown[] = [];
    const flushes: Held<void>[] = [];
    const world = await AConsumer.open({
      concurrency: 4,
      process: (item) => void ran.push(item),
      flush: () => {
        flushes.push(new Held<void>());
        return flushes.at(-1)!.promise;
      },
    });
    world.deliver(['a', 'b', 'c'], { free: 1 });
    expect([ran, world.started]).toEqual([['a'], [2]]);
    flushes[0]!.resolve();
    await world.settle();
    expect([ran, world.started]).toEqual([
      ['a', 'b'],
      [2, 3],
    ]);
    flushes[1]!.resolve();
    await world.settle();
    expect(world.done).toEqual([1, 2, 3]);
  });

  it('are announced in a few messages when they are fast, across deliveries', async () => {
    const world = await AConsumer.open({ concurrency: 1, process: () => undefined });
    const many = Array.from({ length: 500 }, (_, id) => id);
    world.deliver(many, { free: 0 });
    world.deliver(many, { free: 0, seq: 501 });
    await world.settle();
    expect(world.started).toEqual(Array.from({ length: 1000 }, (_, i) => i + 1));
    expect(world.said.filter((type) => type === 'start').length).toBeLessThan(12);
  });

  it('are given back, whether or not they are announced, as long as they have not started', async () => {
    const held = new Held();
    const world = await AConsumer.open({ concurrency: 2, process: () => held.promise });
    world.deliver(['a', 'b', 'c', 'd'], { free: 3 });
    void world.consumer.drain();
    expect(world.givenBack).toEqual([3, 4]);
  });
});

describe('a recall', () => {
  it('is answered with items that have not started, last items first, and no more than requested', async () => {
    const held = new Held();
    const world = await AConsumer.open({ concurrency: 1, process: () => held.promise });
    world.deliver(['a', 'b', 'c']);
    world.deliver(['d', 'e'], { seq: 7 });
    world.consumer.recall({ type: 'recall', items: 3 });
    expect(world.givenBack).toEqual([3, 7, 8]);
    world.consumer.recall({ type: 'recall', items: 3 });
    expect(world.givenBack).toEqual([3, 7, 8, 2]);
    world.consumer.recall({ type: 'recall', items: 3 });
    expect(world.sent.at(-1)).toEqual({ type: 'givenBack', items: [] });
    held.resolve('done');
    await world.settle();
    expect(world.done).toEqual([1]);
  });
});

describe('a settle', () => {
  it('reports how long items took, and how much of that time they blocked', async () => {
    const world = await AConsumer.open({
      process: async (item) => {
        world.clock.standStill(5);
        await Promise.resolve();
        world.clock.standStill(20);
        return item;
      },
    });
    world.deliver(['a']);
    await world.settle();
    expect(world.settles).toMatchObject([{ ran: 1, tookMs: 25, blockedMs: 5 }]);
  });
});

describe('results', () => {
  it('are taken as they are when process returns, even if the object is used again', async () => {
    const row: { id?: unknown; tags: unknown[] } = { tags: [] };
    const process = (id: unknown): unknown => {
      row.id = id;
      row.tags[0] = id;
      return row;
    };
    const world = await AConsumer.open({ process });
    world.deliver([1, 2, 3]);
    await world.settle();
    expect(world.store.rows).toEqual([1, 2, 3].map((id) => ({ id, tags: [id] })));
  });

  it('are taken from an array that is used again', async () => {
    const rows: unknown[] = [];
    const world = await AConsumer.open({ process: (id) => ((rows.length = 0), rows.push(id, -Number(id)), rows) });
    world.deliver([1, 2]);
    await world.settle();
    expect(world.store.rows).toEqual([1, -1, 2, -2]);
  });

  it('are taken when their promise resolves', async () => {
    const row: { id?: unknown } = {};
    const process = async (id: unknown): Promise<unknown> => {
      await Promise.resolve();
      row.id = id;
      return row;
    };
    const world = await AConsumer.open({ process, concurrency: 1 });
    world.deliver([1, 2, 3]);
    await world.settle();
    expect(world.store.rows).toEqual([{ id: 1 }, { id: 2 }, { id: 3 }]);
  });

  it('that the sink can never accept make their item a dead letter, and no batch is attempted', async () => {
    const sizes: number[] = [];
    const wrap = (writer: SinkWriter<unknown>): SinkWriter<unknown> => ({
      ...passingOn(writer),
      commit: async (batch) => {
        sizes.push(batch.captured.length);
        await writer.commit(batch);
      },
    });
    const world = await AConsumer.open({ wrap, process: (id) => (id === 2 ? ['half', () => 1] : [id]) });
    world.deliver([1, 2, 3]);
    await world.settle();
    expect(world.failed).toMatchObject([{ seq: 2, verdict: 'dead', error: { code: 'BAD_ROW' } }]);
    expect(world.done).toEqual([1, 3]);
    expect(world.store.rows).toEqual([1, 3]);
    expect(sizes).toEqual([2]);
  });

  it('do not include undefined or null, alone or in an array', async () => {
    const outcomes = [undefined, null, [null], [undefined, 'a', null], []];
    const world = await AConsumer.open({ process: (index) => outcomes[Number(index)] });
    world.deliver([0, 1, 2, 3, 4]);
    await world.settle();
    expect(world.done).toEqual([1, 2, 3, 4, 5]);
    expect(world.store.rows).toEqual(['a']);
  });

  it('of a pipeline without process are its items, including null and arrays', async () => {
    const world = await AConsumer.open();
    world.deliver([null, [1, 2], 'a']);
    await world.settle();
    expect(world.store.rows).toEqual([null, [1, 2], 'a']);
  });
});

describe('a row that the sink will never accept', () => {
  it('is found by bisection and alone becomes a dead letter; everything else is committed', async () => {
    const sizes: number[] = [];
    const wrap = (writer: SinkWriter<unknown>): SinkWriter<unknown> => ({
      ...passingOn(writer),
      commit: async (batch) => {
        sizes.push(batch.seqs.length);
        if (batch.captured.includes('bad')) throw new BadRow('table "t", column "c": too long');
        await writer.commit(batch);
      },
    });
    const world = await AConsumer.open({ wrap, process: (item) => (item === 5 ? ['good', 'bad'] : [item, item]) });
    world.deliver([0, 1, 2, 3, 4, 5, 6, 7]);
    await world.settle();
    expect(world.failed).toMatchObject([
      { seq: 6, verdict: 'dead', error: { code: 'BAD_ROW', message: 'table "t", column "c": too long' } },
    ]);
    expect(world.done).toEqual([1, 2, 3, 4, 5, 7, 8]);
    expect(world.store.rows).toEqual([0, 1, 2, 3, 4, 6, 7].flatMap((row) => [row, row]));
    expect(sizes).toEqual([8, 4, 4, 2, 1, 1, 2]);
  });
});

describe('a sink that is out', () => {
  it('is retried with back-off until it is back; until then, nothing is settled and nothing is lost', async () => {
    let problem: Error | undefined = new Error('connection refused');
    let tries = 0;
    const wrap = (writer: SinkWriter<unknown>): SinkWriter<unknown> => ({
      ...passingOn(writer),
      commit: async (batch) => {
        tries += 1;
        if (problem) throw problem;
        await writer.commit(batch);
      },
    });
    const world = await AConsumer.open({ wrap });
    world.deliver(['a']);
    await world.settle();
    expect(world.sent).toEqual([{ type: 'sink', reason: 'connection refused' }]);
    expect(world.consumer.state.waiting).toContain('sink: connection refused');
    world.deliver(['b'], { seq: 2 });
    await world.settle();
    expect(tries).toBe(1);
    for (const ms of [375, 750, 1500]) {
      world.clock.turn(ms - 1);
      await world.settle();
      const before = tries;
      world.clock.turn(1);
      await world.settle();
      expect(tries).toBe(before + 1);
    }
    problem = undefined;
    world.clock.turn(30_000);
    await world.settle();
    expect(world.said).toEqual(['sink', 'sink', 'settle', 'settle']);
    expect(world.sent[1]).toEqual({ type: 'sink', reason: null });
    expect(world.done).toEqual([1, 2]);
    expect(world.store.rows).toEqual(['a', 'b']);
    expect(world.consumer.state.waiting).toBeNull();
  });

  it('counts as reached when it refuses a row, even if nothing follows', async () => {
    const answers = [new Error('connection refused'), new BadRow('too long')];
    const wrap = (writer: SinkWriter<unknown>): SinkWriter<unknown> => ({
      ...passingOn(writer),
      commit: () => Promise.reject(answers.shift()!),
    });
    const world = await AConsumer.open({ wrap });
    world.deliver(['a']);
    await world.settle();
    world.clock.turn(30_000);
    await world.settle();
    expect(world.failed).toMatchObject([{ seq: 1, verdict: 'dead' }]);
    expect(world.sent.slice(0, 2)).toEqual([
      { type: 'sink', reason: 'connection refused' },
      { type: 'sink', reason: null },
    ]);
  });

  it('does not keep a consumer from stopping: items that are not in it stay in the queue', async () => {
    const wrap = (writer: SinkWriter<unknown>): SinkWriter<unknown> => ({
      ...passingOn(writer),
      commit: () => Promise.reject(new Error('connection refused')),
    });
    const world = await AConsumer.open({ wrap });
    world.deliver(['a']);
    await world.settle();
    const drained = world.consumer.drain();
    expect(await world.isOver(drained)).toBe(false);
    world.consumer.abort();
    expect(await world.isOver(drained)).toBe(true);
    expect(world.settles).toEqual([]);
    expect(world.clock.waiting).toBe(0);
  });
});

describe('a commit whose outcome is unknown', () => {
  it.each<[Fate, string]>([
    ['lost before', 'connection reset by the server'],
    ['lost after', 'connection reset by the server'],
    ['hangs before', 'a commit took longer than 1s'],
    ['hangs after', 'a commit took longer than 1s'],
    ['late', 'a commit took longer than 1s'],
  ])('is looked up in a new session, and its rows are in the sink once: %s', async (fate, reason) => {
    const server = new AServer();
    server.fates = [fate];
    const world = await AConsumer.open({ sink: server.sink, sinkTimeoutMs: 1000 });
    world.deliver(['a', 'b', 'c'], { seq: 4 });
    await world.settle();
    if (reason.includes('took longer')) world.clock.turn(1000);
    await world.settle();
    expect([world.settles, server.opened]).toEqual([[], 1]);
    expect(world.sent).toEqual([{ type: 'sink', reason }]);
    expect(world.consumer.state.waiting).toContain(`sink: ${reason}`);
    // The server cannot be reached or does not answer yet, so nothing is reported.
    server.refusal = new Error('connection refused');
    world.clock.turn(1000);
    await world.settle();
    expect(world.sent.at(-1)).toEqual({ type: 'sink', reason: 'connection refused' });
    server.refusal = undefined;
    server.isDeaf = true;
    world.clock.turn(1000);
    await world.settle();
    world.clock.turn(1000);
    await world.settle();
    expect(world.sent.at(-1)).toEqual({ type: 'sink', reason: 'opening took longer than 1s' });
    server.isDeaf = false;
    world.clock.turn(30_000);
    await world.settle();
    expect([world.done, world.failed, world.failures]).toEqual([[4, 5, 6], [], []]);
    expect([server.rows, server.ledger.toFlat()]).toEqual([
      ['a', 'b', 'c'],
      [4, 6],
    ]);
    expect(world.sent.filter(({ type }) => type === 'sink').at(-1)).toEqual({ type: 'sink', reason: null });
  });

  it('is looked up each time, however often that happens', async () => {
    const server = new AServer();
    server.fates = ['lost before', 'late', 'hangs before', 'lost after'];
    const world = await AConsumer.open({ sink: server.sink, sinkTimeoutMs: 1000, concurrency: 2 });
    world.deliver(['a', 'b', 'c', 'd', 'e']);
    for (let i = 0; i < 20; i++) {
      world.clock.turn(30_000);
      await world.settle();
    }
    expect([world.done, world.failures]).toEqual([[1, 2, 3, 4, 5], []]);
    expect(server.rows).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  it('is repeated in a sink without a ledger: at least once', async () => {
    const written: unknown[] = [];
    let opened = 0;
    const sink: Sink<unknown> = {
      ...to.discard(),
      open: () => {
        opened += 1;
        const isFirst = opened === 1;
        return Promise.resolve({
          ...withoutLedger,
          capture: (row: unknown, captured: unknown[]) => void captured.push(row),
          commit: async ({ captured }) => {
            written.push(...captured);
            if (isFirst) await new Promise(() => undefined);
          },
          close: () => Promise.resolve(),
        });
      },
    };
    const world = await AConsumer.open({ sink, sinkTimeoutMs: 1000 });
    world.deliver(['a']);
    await world.settle();
    world.clock.turn(1000);
    await world.settle();
    world.clock.turn(1000);
    await world.settle();
    expect([world.done, written, opened]).toEqual([[1], ['a', 'a'], 2]);
  });
});

describe('a consumer that has been barred from its sink', () => {
  it('ends, and settles none of the items that it could not commit', async () => {
    const store = to.memory();
    const world = await AConsumer.open({ store, writer: 1 });
    const successor = await AConsumer.open({ store, writer: 2 });
    successor.redeliver(['a'], { writers: [1] });
    await successor.settle();
    world.deliver(['a']);
    await world.settle();
    world.deliver(['b'], { seq: 2 });
    await world.settle();
    expect(world.failures).toMatchObject([{ code: 'FENCED' }]);
    expect(world.sent).toEqual([]);
    expect(store.rows).toEqual(['a']);
  });

  it('also ends when it learns that by asking', async () => {
    const store = to.memory();
    const world = await AConsumer.open({ store, writer: 1 });
    const successor = await AConsumer.open({ store, writer: 2 });
    successor.redeliver(['a'], { writers: [1] });
    await successor.settle();
    world.redeliver(['b'], { seq: 2, writers: [7] });
    await world.settle();
    expect(world.failures).toMatchObject([{ code: 'FENCED' }]);
    expect(world.sent).toEqual([]);
  });
});

describe('a redelivery', () => {
  /** A store in which writer 1 has committed the items that were delivered to it from `seq` on. */
  const withDone = async (items: readonly unknown[], seq: number) => {
    const store = to.memory();
    const first = await AConsumer.open({ store, writer: 1 });
    first.deliver(items, { seq });
    await first.settle();
    return store;
  };

  it('fences the old writer, then asks the ledger; items that are in the sink are settled without being processed', async () => {
    const store = await withDone(['b', 'c'], 2);
    const calls: string[] = [];
    const processed: unknown[] = [];
    const wrap = (writer: SinkWriter<unknown>): SinkWriter<unknown> => ({
      ...passingOn(writer),
      fence: async (writers) => {
        calls.push(`fence ${writers.join()}`);
        return await writer.fence(writers);
      },
      ask: async (from, to) => {
        calls.push(`ask ${from}-${to}`);
        return await writer.ask(from, to);
      },
    });
    const world = await AConsumer.open({
      store,
      wrap,
      writer: 2,
      process: (item) => {
        processed.push(item);
        return item;
      },
    });
    world.redeliver(['a', 'b', 'c', 'd'], { seq: 1, writers: [1] });
    expect(processed).toEqual([]);
    await world.settle();
    expect(calls).toEqual(['fence 1', 'ask 1-4']);
    expect(world.sent[0]).toEqual({ type: 'fenced', writers: [1] });
    expect(processed).toEqual(['a', 'd']);
    expect(world.done).toEqual([1, 2, 3, 4]);
    expect(store.rows).toEqual(['b', 'c', 'a', 'd']);
  });

  it('bars each writer once', async () => {
    const store = await withDone(['a'], 1);
    const world = await AConsumer.open({ store, writer: 3 });
    world.redeliver(['a'], { seq: 1, writers: [1] });
    await world.settle();
    world.redeliver(['b'], { seq: 2, writers: [1, 2] });
    await world.settle();
    world.redeliver(['c'], { seq: 3, writers: [1, 2] });
    await world.settle();
    expect(world.sent.filter(({ type }) => type === 'fenced')).toEqual([
      { type: 'fenced', writers: [1] },
      { type: 'fenced', writers: [2] },
    ]);
  });

  it('of seqs above all that the ledger knows asks nothing, unless a consumer of this supervisor had them', async () => {
    const store = await withDone(['a'], 5);
    let questions = 0;
    const wrap = (writer: SinkWriter<unknown>): SinkWriter<unknown> => ({
      ...passingOn(writer),
      ask: async (from, to) => {
        questions += 1;
        return await writer.ask(from, to);
      },
    });
    const world = await AConsumer.open({ store, wrap, writer: 2 });
    world.deliver(['x', 'y'], { seq: 6, history: 'inherited', writers: [1] });
    await world.settle();
    expect([questions, world.done]).toEqual([0, [6, 7]]);
    world.deliver(['b'], { seq: 4, history: 'inherited', writers: [1] });
    await world.settle();
    expect(questions).toBe(1);
    world.redeliver(['z'], { seq: 8, writers: [1] });
    await world.settle();
    expect(questions).toBe(2);
    expect(world.done).toEqual([4, 6, 7, 8]);
  });

  it('of items that the ledger has forgotten ends the service: its queue is an older copy', async () => {
    const store = await withDone(['a'], 1);
    const world = await AConsumer.open({ store, writer: 2 });
    world.consumer.prune({ type: 'prune', before: 2, open: [], drop: [] });
    world.redeliver(['a'], { seq: 1, writers: [1] });
    await world.settle();
    expect(world.failures).toMatchObject([{ code: 'SINK_NEWER', exitCode: 78 }]);
    expect(store.rows).toEqual(['a']);
  });

  it('waits for a sink that is out, and then asks', async () => {
    const store = await withDone(['a'], 1);
    let isOut = true;
    const wrap = (writer: SinkWriter<unknown>): SinkWriter<unknown> => ({
      ...passingOn(writer),
      fence: async (writers) => {
        if (isOut) throw new Error('connection refused');
        return await writer.fence(writers);
      },
    });
    const world = await AConsumer.open({ store, wrap, writer: 2 });
    world.redeliver(['a', 'b'], { seq: 1, writers: [1] });
    await world.settle();
    expect(world.sent).toEqual([{ type: 'sink', reason: 'connection refused' }]);
    isOut = false;
    world.clock.turn(500);
    await world.settle();
    expect(world.done).toEqual([1, 2]);
    expect(store.rows).toEqual(['a', 'b']);
  });

  it('asks nothing where there is no ledger', async () => {
    const store = { ...to.memory(), delivery: 'call' as const };
    const world = await AConsumer.open({ store });
    world.redeliver(['a'], { writers: [9] });
    await world.settle();
    expect(world.said).toEqual(['settle']);
  });
});

describe('a drain', () => {
  it('gives back exactly the items that have not started, finishes the rest, and then tears down and closes, in that order', async () => {
    const order: string[] = [];
    const gates = [new Held(), new Held()];
    const wrap = (writer: SinkWriter<unknown>): SinkWriter<unknown> => ({
      ...passingOn(writer),
      commit: async (batch) => {
        order.push('commit');
        await writer.commit(batch);
      },
      close: async () => void order.push('close'),
    });
    const world = await AConsumer.open({
      wrap,
      concurrency: 2,
      confirms: false,
      process: (item) => gates[Number(item)]!.promise,
      teardown: () => void order.push('teardown'),
    });
    world.deliver([0, 1, 2, 3, 4]);
    await world.settle();
    const drained = world.consumer.drain();
    expect(world.givenBack).toEqual([3, 4, 5]);
    gates[0]!.resolve('a');
    gates[1]!.resolve('b');
    expect(await world.isOver(drained)).toBe(false);
    expect(order).toEqual(['commit']);
    expect(world.done).toEqual([1, 2]);
    world.consumer.settled();
    expect(await world.isOver(drained)).toBe(true);
    expect(order).toEqual(['commit', 'teardown', 'close']);
    expect(world.clock.waiting).toBe(0);
    world.consumer.settled();
  });

  it('completes after all settles that were sent before it', async () => {
    const gate = new Held();
    const world = await AConsumer.open({ concurrency: 1, process: (item) => (item === 'slow' ? gate.promise : item) });
    world.deliver(['fast', 'slow', 'waiting']);
    await world.settle();
    void world.consumer.drain();
    expect(world.said).toEqual(['settle', 'givenBack']);
    expect(world.givenBack).toEqual([3]);
    gate.resolve(undefined);
    await world.settle();
  });

  it('gives back items that the ledger is still being asked about, and the answer starts none of them', async () => {
    const answer = new Held<[number, number][]>();
    const processed: unknown[] = [];
    const wrap = (writer: SinkWriter<unknown>): SinkWriter<unknown> => ({
      ...passingOn(writer),
      ask: () => answer.promise,
    });
    const world = await AConsumer.open({ wrap, process: (item) => void processed.push(item) });
    world.redeliver(['a', 'b'], { seq: 4, writers: [] });
    await world.settle();
    const drained = world.consumer.drain();
    expect(world.givenBack).toEqual([4, 5]);
    answer.resolve([[4, 4]]);
    expect(await world.isOver(drained)).toBe(true);
    expect([processed, world.done]).toEqual([[], []]);
  });

  it('does not fail when the ledger refuses to answer about items that were given back: others may have settled them by now', async () => {
    const answer = new Held<[number, number][]>();
    const wrap = (writer: SinkWriter<unknown>): SinkWriter<unknown> => ({
      ...passingOn(writer),
      ask: () => answer.promise,
    });
    const world = await AConsumer.open({ wrap });
    world.redeliver(['a'], { seq: 4, writers: [] });
    await world.settle();
    const drained = world.consumer.drain();
    answer.reject(configError('SINK_NEWER', 'an older copy'));
    expect(await world.isOver(drained)).toBe(true);
    expect(world.failures).toEqual([]);
  });

  it('requested twice is one drain: the second request waits for the first', async () => {
    let teardowns = 0;
    const gate = new Held();
    const world = await AConsumer.open({ process: () => gate.promise, teardown: () => void (teardowns += 1) });
    world.deliver(['a']);
    const first = world.consumer.drain();
    const second = world.consumer.drain();
    expect(await world.isOver(second)).toBe(false);
    gate.resolve(undefined);
    await Promise.all([first, second]);
    expect(teardowns).toBe(1);
  });

  it('of an idle consumer is over at once', async () => {
    const world = await AConsumer.open();
    await world.consumer.drain();
    expect(world.sent).toEqual([]);
    expect(world.clock.waiting).toBe(0);
  });

  it('fails when the teardown does', async () => {
    const world = await AConsumer.open({ teardown: () => Promise.reject(new Error('still in use')) });
    await expect(world.consumer.drain()).rejects.toThrow('still in use');
  });
});

describe('an abort', () => {
  it('aborts running items and reports nothing about them: they stay in the queue', async () => {
    const reasons: string[] = [];
    const world = await AConsumer.open({
      process: (item, { signal }) =>
        new Promise((resolve, reject) => {
          signal.addEventListener('abort', () => {
            reasons.push((signal.reason as Error).message);
            if (item === 'late') resolve('too late');
            else reject(signal.reason as Error);
          });
        }),
    });
    world.deliver(['a', 'late']);
    const drained = world.consumer.drain();
    expect(await world.isOver(drained)).toBe(false);
    world.consumer.abort();
    expect(await world.isOver(drained)).toBe(true);
    expect(reasons).toEqual(['the service is being stopped', 'the service is being stopped']);
    expect([world.settles, world.store.rows]).toEqual([[], []]);
  });
});

describe('a consumer that is released', () => {
  it('leaves no timer and no listener behind, whatever it is doing', async () => {
    const signals: AbortSignal[] = [];
    const wrap = (writer: SinkWriter<unknown>): SinkWriter<unknown> => ({
      ...passingOn(writer),
      commit: () => Promise.reject(new Error('connection refused')),
    });
    const world = await AConsumer.open({ wrap, process: (item, { signal }) => (signals.push(signal), item) });
    world.deliver(['a']);
    await world.settle();
    expect(world.clock.waiting).toBe(2);
    world.consumer.letGo();
    await world.settle();
    expect(world.clock.waiting).toBe(0);
    expect(signals.flatMap((signal) => getEventListeners(signal, 'abort'))).toEqual([]);
  });
});

describe('a sweep of the ledger', () => {
  it('that fails causes only a warning', async () => {
    const wrap = (writer: SinkWriter<unknown>): SinkWriter<unknown> => ({
      ...passingOn(writer),
      prune: () => Promise.reject(new Error('locked')),
    });
    const world = await AConsumer.open({ wrap });
    world.consumer.prune({ type: 'prune', before: 5, open: [], drop: [] });
    await world.settle();
    expect(world.log.map(withoutPlaces)).toEqual(['could not prune the ledger in memory: locked']);
    expect(world.failures).toEqual([]);
  });

  it('waits for its turn at the sink', async () => {
    const { wrap, commits } = heldCommits();
    const pruned: number[] = [];
    const world = await AConsumer.open({
      wrap: (writer) => ({ ...wrap(writer), prune: async ({ before }) => void pruned.push(before) }),
    });
    world.deliver(['a']);
    await world.settle();
    world.consumer.prune({ type: 'prune', before: 5, open: [], drop: [] });
    await world.settle();
    expect(pruned).toEqual([]);
    commits[0]!.go.resolve();
    await world.settle();
    expect(pruned).toEqual([5]);
  });
});

function thrower(error: unknown): () => never {
  return () => {
    throw error;
  };
}

/** An object with this `then` property, as users may have one. */
function thenable(then: PropertyDescriptor): object {
  // oxlint-disable-next-line unicorn/no-thenable -- the test needs a thenable
  return Object.defineProperty({}, 'then', then);
}

describe('an item that waits only for a permit that does not come in time', () => {
  it('is given back when its consumer is stopped; the other items finish, and the consumer ends in order', async () => {
    const other = new Held();
    const world = await AConsumer.open({
      process: async (item, { limit, signal }) => {
        if (item === 'other') return await other.promise;
        await limit('frozen', () => undefined);
        return await new Promise((_, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason as Error));
        });
      },
    });
    world.deliver(['waits', 'other']);
    await world.settle();
    const drained = world.consumer.drain();
    world.consumer.withdraw({ type: 'withdraw', limits: ['free'], ms: 20_000 });
    expect(world.sent.filter(({ type }) => type === 'givenBack')).toEqual([]);
    world.consumer.withdraw({ type: 'withdraw', limits: ['frozen'], ms: 20_000 });
    expect(world.sent.filter(({ type }) => type === 'givenBack')).toEqual([{ type: 'givenBack', items: [1, 1] }]);
    other.resolve({ id: 2 });
    await drained;
    expect(world.store.rows).toEqual([{ id: 2 }]);
    const failed = world.sent.flatMap((message) => (message.type === 'settle' ? message.failed : []));
    expect([failed, world.openScopes]).toEqual([[], 0]);
  });

  it('is also given back if it begins to wait later', async () => {
    const before = new Held();
    const world = await AConsumer.open({
      process: async (_item, { limit }) => {
        await before.promise;
        await limit('frozen', () => undefined);
        await new Promise(() => undefined);
      },
    });
    world.deliver(['waits']);
    const drained = world.consumer.drain();
    world.consumer.withdraw({ type: 'withdraw', limits: ['frozen'], ms: 20_000 });
    before.resolve(undefined);
    await world.settle();
    world.clock.turn(1000);
    await drained;
    expect(world.sent.filter(({ type }) => type === 'givenBack')).toEqual([{ type: 'givenBack', items: [1, 1] }]);
  });
});
