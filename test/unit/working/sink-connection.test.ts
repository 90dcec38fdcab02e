import { beforeEach, describe, expect, it } from '@jest/globals';
import { batchOf } from '../../../src/sinks/batch.ts';
import { BadRow, withoutLedger, type SinkContext, type SinkWriter } from '../../../src/sinks/port.ts';
import { SinkConnection, type SinkConnectionOptions } from '../../../src/working/sink-connection.ts';
import { sinkContext } from '../../contract/sink-context.ts';
import { AServer } from '../../support/a-server.ts';
import { HandClock } from '../../support/hand-clock.ts';
import { microtasks } from '../../support/microtasks.ts';
import { Held } from './a-consumer.ts';

const timeoutMs = 1000;
let clock: HandClock;
beforeEach(() => {
  clock = new HandClock();
});

function connection(sink: SinkConnectionOptions['sink'], overrides: Partial<SinkConnectionOptions> = {}) {
  const { signal: _, exclusive: __, ...context } = sinkContext({ clock });
  return new SinkConnection({ sink, context, exclusive: (_name, task) => task(), timeoutMs, ...overrides });
}

const batch = (seq: number) => batchOf({ seqs: [seq], ends: [1], captured: [`row ${seq}`], run: 'run-1' });
/** The outcome of a promise, as text. */
const outcome = async (call: Promise<unknown>): Promise<string> =>
  await call.then(
    () => 'ok',
    (error: unknown) => (error as Error).message,
  );

describe('the sink of a consumer', () => {
  it('does one operation at a time and in order, however each of them ends', async () => {
    const calls: string[] = [];
    const held: Held<never>[] = [];
    const call = (name: string) => (): Promise<never> => {
      calls.push(name);
      held.push(new Held<never>());
      return held.at(-1)!.promise;
    };
    const names = ['commit', 'fence', 'ask', 'prune', 'close'] as const;
    const writer = Object.fromEntries(names.map((name) => [name, call(name)])) as unknown as SinkWriter<unknown>;
    const sink = connection({ open: () => Promise.resolve(writer) });
    const outcomes = [
      sink.commit(batch(1)),
      sink.fence([1]),
      sink.ask(1, 2),
      sink.prune({ before: 1, open: [], drop: [] }),
      sink.close(),
    ].map(outcome);
    for (const [i, name] of names.entries()) {
      await microtasks();
      expect(calls).toEqual(names.slice(0, i + 1));
      if (i % 2 === 0) held[i]!.reject(new BadRow(`${name} failed`));
      else held[i]!.resolve(undefined as never);
    }
    expect(await Promise.all(outcomes)).toEqual(['commit failed', 'ok', 'ask failed', 'ok', 'close failed']);
    expect(clock.waiting).toBe(0);
  });

  it('gives up an operation that hangs, and does the next one in a new session', async () => {
    const server = new AServer();
    const sink = connection(server.sink);
    server.fates = ['hangs before'];
    const hanging = outcome(sink.commit(batch(1)));
    const next = outcome(sink.commit(batch(2)));
    await microtasks();
    clock.turn(timeoutMs - 1);
    await microtasks();
    expect([server.opened, server.rows]).toEqual([1, []]);
    clock.turn(1);
    expect([await hanging, await next]).toEqual(['a commit took longer than 1s', 'ok']);
    expect([server.opened, server.closed, server.rows]).toEqual([2, 1, ['row 2']]);
  });

  it('opens a new session after an answer was lost, and keeps its session when the sink answers', async () => {
    const server = new AServer();
    const sink = connection(server.sink);
    server.fates = ['lost after'];
    expect(await outcome(sink.commit(batch(1)))).toBe('connection reset by the server');
    expect(await sink.ask(1, 1)).toEqual([[1, 1]]);
    expect(await outcome(sink.commit(batch(1)))).toContain('twice');
    expect(await sink.ask(1, 1)).toEqual([[1, 1]]);
    expect(server.opened).toBe(2);
  });

  it('opens a new session after the sink could not be reached: a lost connection does not come back by itself', async () => {
    let opened = 0;
    const open = (): Promise<SinkWriter<unknown>> => {
      opened += 1;
      const isBroken = opened === 1;
      return Promise.resolve({
        ...withoutLedger,
        capture: () => undefined,
        commit: () => (isBroken ? Promise.reject(new Error('ECONNRESET')) : Promise.resolve()),
        close: () => Promise.resolve(),
      });
    };
    const sink = connection({ open });
    expect([await outcome(sink.commit(batch(1))), await outcome(sink.commit(batch(1)))]).toEqual(['ECONNRESET', 'ok']);
    expect(opened).toBe(2);
  });

  it('opens a part again where the last confirmed commit ended, even if a commit that was given up is confirmed late', async () => {
    const opened: unknown[] = [];
    const late = new Held<{ part: number }>();
    const answers = [Promise.resolve({ part: 10 }), late.promise, Promise.resolve({ part: 20 })];
    const sink = connection({
      open: ({ part }) => {
        opened.push(part);
        const writer = { ...withoutLedger, capture: () => undefined, close: () => Promise.resolve() };
        return Promise.resolve({ ...writer, commit: () => answers.shift()! });
      },
    });
    await sink.commit(batch(1));
    const hanging = outcome(sink.commit(batch(2)));
    await microtasks();
    clock.turn(timeoutMs);
    expect(await hanging).toBe('a commit took longer than 1s');
    late.resolve({ part: 30 });
    await microtasks();
    await sink.commit(batch(2));
    expect(opened).toEqual([undefined, 10]);
  });

  it('aborts the signal of a session that was given up, and releases the turn that it held', async () => {
    const signals: AbortSignal[] = [];
    const held: string[] = [];
    const open = (context: SinkContext): Promise<SinkWriter<unknown>> => {
      signals.push(context.signal);
      return Promise.resolve({
        ...withoutLedger,
        capture: (row: unknown, captured: unknown[]) => void captured.push(row),
        commit: () => context.exclusive('turn', () => new Promise(() => undefined)),
        close: () => Promise.resolve(),
      });
    };
    const exclusive: SinkConnectionOptions['exclusive'] = async (name, task) => {
      held.push(name);
      try {
        return await task();
      } finally {
        held.pop();
      }
    };
    const sink = connection({ open }, { exclusive });
    const hanging = outcome(sink.commit(batch(1)));
    await microtasks();
    expect(held).toEqual(['turn']);
    clock.turn(timeoutMs);
    expect(await hanging).toContain('took longer');
    await microtasks();
    expect([held, signals[0]!.aborted]).toEqual([[], true]);
  });

  it('does not count the time in line or the time that the supervisor takes for its output', async () => {
    const turn = new Held();
    const written = new Held<void>();
    const work = new Held();
    const open = (context: SinkContext): Promise<SinkWriter<unknown>> =>
      Promise.resolve({
        ...withoutLedger,
        capture: (row: unknown, captured: unknown[]) => void captured.push(row),
        async commit() {
          await context.exclusive('turn', () => work.promise);
          await context.writeOut(Buffer.from('line'));
        },
        close: () => Promise.resolve(),
      });
    const { signal: _, exclusive: __, ...context } = sinkContext({ clock, writeOut: () => written.promise });
    const sink = connection(
      { open },
      {
        context,
        exclusive: async (_name, task) => {
          await turn.promise;
          return await task();
        },
      },
    );
    const commit = outcome(sink.commit(batch(1)));
    await microtasks();
    clock.turn(10 * timeoutMs);
    turn.resolve(undefined);
    await microtasks();
    clock.turn(timeoutMs - 1);
    work.resolve(undefined);
    await microtasks();
    clock.turn(10 * timeoutMs);
    written.resolve();
    expect(await commit).toBe('ok');
  });

  it('counts the time that a sink works during its turn', async () => {
    const open = (context: SinkContext): Promise<SinkWriter<unknown>> =>
      Promise.resolve({
        ...withoutLedger,
        capture: (row: unknown, captured: unknown[]) => void captured.push(row),
        commit: () => context.exclusive('turn', () => new Promise(() => undefined)),
        close: () => Promise.resolve(),
      });
    const commit = outcome(connection({ open }).commit(batch(1)));
    await microtasks();
    clock.turn(timeoutMs);
    expect(await commit).toContain('took longer than 1s');
  });

  it('is opened within its time; a session that opens later is closed and does not count', async () => {
    const late = new Held<SinkWriter<unknown>>();
    let closed = 0;
    const sink = connection({ open: () => late.promise });
    const opening = outcome(sink.open(400));
    await microtasks();
    clock.turn(400);
    expect(await opening).toBe('opening took longer than 400ms');
    late.resolve({
      ...withoutLedger,
      capture: (row, captured) => void captured.push(row),
      commit: () => Promise.resolve(),
      close: () => Promise.resolve(void closed++),
    });
    await microtasks();
    expect([closed, clock.waiting]).toEqual([1, 0]);
  });

  it('is abandoned if it does not close in time', async () => {
    const never = {
      ...withoutLedger,
      capture: (row: unknown, captured: unknown[]) => void captured.push(row),
      commit: () => Promise.resolve(),
      close: () => new Promise<void>(() => undefined),
    };
    const sink = connection({ open: () => Promise.resolve(never) });
    await sink.open();
    const closing = outcome(sink.close());
    await microtasks();
    clock.turn(timeoutMs);
    expect(await closing).toContain('closing took longer');
  });
});
