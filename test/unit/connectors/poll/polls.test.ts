import { describe, expect, it } from '@jest/globals';
import type { Polled } from '../../../../src/connectors/poll/fields.ts';
import { pause } from '../../../../src/core/clock.ts';
import { from } from '../../../../src/connectors/from.ts';
import { HandClock } from '../../../support/hand-clock.ts';
import type { SourceContext } from '../../../../src/pipeline/context.ts';
import { openContext } from '../../../support/read-source.ts';
import { APoll } from './a-poll.ts';

const second = 1000;
type Poll = APoll<unknown>;

/** Calls of `read`, by when they began; each takes `ms` milliseconds. */
function timed(ms: number, poll: () => Poll): { starts: number[]; most: () => number; read: () => Promise<number[]> } {
  const starts: number[] = [];
  let running = 0;
  let most = 0;
  return {
    starts,
    most: () => most,
    read: async () => {
      starts.push(poll().clock.now() / second);
      running += 1;
      most = Math.max(most, running);
      if (ms > 0) await pause(poll().clock, ms);
      running -= 1;
      return [starts.length];
    },
  };
}

/** A feed of numbers from 1 on, which returns the `most` after its cursor as a page. */
const pages =
  (count: () => number, most = 3) =>
  ({ cursor = 0 }: SourceContext<number>) => {
    const items = Array.from({ length: Math.min(most, count() - cursor) }, (_, i) => cursor + i + 1);
    return { items, cursor: cursor + items.length };
  };

describe('from.poll polls', () => {
  it('at once, and then once per `every`, from the start of one poll to the start of the next', async () => {
    const { starts, read } = timed(4 * second, (): Poll => poll);
    const poll: Poll = new APoll({ read });
    await poll.start();
    for (let i = 0; i < 39; i++) await poll.turn(second);
    expect(starts).toEqual([0, 10, 20, 30]);
  });

  it('again at once after a poll that took longer than `every`, and never two at a time', async () => {
    const { starts, most, read } = timed(25 * second, (): Poll => poll);
    const poll: Poll = new APoll({ read });
    await poll.start();
    for (let i = 0; i < 70; i++) await poll.turn(second);
    expect(starts).toEqual([0, 25, 50]);
    expect(most()).toBe(1);
  });

  it('once, and not several times, when it has missed several turns', async () => {
    const { starts, read } = timed(0, (): Poll => poll);
    const poll: Poll = new APoll({ read });
    await poll.start();
    poll.clock.standStill(95 * second);
    await poll.turn(0);
    await poll.turn(9 * second);
    expect(starts).toEqual([0, 95]);
    await poll.turn(second);
    expect(starts).toEqual([0, 95, 105]);
  });

  it('not while the queue is at its high-water mark, and at once when it has space again', async () => {
    const { starts, read } = timed(0, (): Poll => poll);
    const poll: Poll = new APoll({ read });
    await poll.start();
    await poll.throttle(true);
    await poll.turn(60 * second);
    expect(starts).toEqual([0]);
    await poll.throttle(false);
    expect(starts).toEqual([0, 60]);
  });

  it('no more after a stop, which ends its wait at once', async () => {
    const { starts, read } = timed(0, (): Poll => poll);
    const poll: Poll = new APoll({ read });
    await poll.start();
    expect(poll.clock.waiting).toBe(1);
    await poll.stop();
    expect(await poll.result).toBe(false);
    expect(poll.clock.waiting).toBe(0);
    await poll.turn(60 * second);
    expect(starts).toEqual([0]);
  });
});

it('from.poll ends if it is read on after a stop, and does not poll again', async () => {
  let polled = 0;
  const stopping = new AbortController();
  const { signal } = stopping;
  const spec = from.poll({ every: '1d', read: () => [(polled += 1)] });
  const source = await spec.open(openContext({ signal, clock: new HandClock() }));
  const found: unknown[] = [];
  for await (const chunk of source.read()) {
    found.push(chunk);
    stopping.abort();
  }
  expect(found).toMatchObject([{ items: [1] }, { items: [] }]);
  expect(polled).toBe(1);
});

describe('from.poll takes items', () => {
  it('from a generator one by one, and none while the queue is at its high-water mark', async () => {
    let yielded = 0;
    let arrive: () => void = () => undefined;
    const arrived = new Promise<void>((resolve) => (arrive = resolve));
    const poll = new APoll({
      async *read() {
        for (yielded = 1; yielded <= 5; yielded++) {
          if (yielded === 3) await arrived;
          yield yielded;
        }
      },
    });
    await poll.start();
    await poll.throttle(true);
    arrive();
    await poll.settle();
    // The third was already awaited.
    expect([yielded, poll.items]).toEqual([3, [1, 2]]);
    await poll.throttle(false);
    expect([yielded, poll.items]).toEqual([6, [1, 2, 3, 4, 5]]);
  });

  it.each<[string, () => Polled<number, unknown> | PromiseLike<Polled<number, unknown>>]>([
    ['an array', () => [1, 2, 3]],
    ['a promise of an array', () => Promise.resolve([1, 2, 3])],
    ['{ items }', () => ({ items: [1, 2, 3] })],
    ['a promise of { items, cursor }', () => Promise.resolve({ items: [1, 2, 3], cursor: 3 })],
    ['another iterable', () => new Set([1, 2, 3])],
    [
      'a generator',
      function* () {
        yield* [1, 2, 3];
      },
    ],
    [
      'an async generator',
      async function* () {
        yield* await Promise.resolve([1, 2, 3]);
      },
    ],
    [
      'a promise of an async generator',
      () =>
        Promise.resolve(
          (async function* () {
            yield* await Promise.resolve([1, 2, 3]);
          })(),
        ),
    ],
  ])('from %s', async (_, found) => {
    let polls = 0;
    const poll = await new APoll({ read: () => (++polls === 1 ? found() : []) }).start();
    expect(poll.items).toEqual([1, 2, 3]);
  });

  it('that were found before a stop, and no more, although `read` continues', async () => {
    let signalOfRead: AbortSignal | undefined;
    let resume: () => void = () => undefined;
    const poll = await new APoll({
      async *read({ signal }: SourceContext) {
        signalOfRead = signal;
        yield 1;
        await new Promise<void>((resolve) => (resume = resolve));
        yield 2;
      },
    }).start();
    expect(signalOfRead!.aborted).toBe(false);
    await poll.stop();
    expect(signalOfRead!.aborted).toBe(true);
    resume();
    expect(await poll.result).toBe(false);
    expect(poll.items).toEqual([1]);
  });

  it('before an error of `read`, which it passes on as it is', async () => {
    const broken = new Error('broken');
    const poll = await new APoll({
      *read() {
        yield 1;
        throw broken;
      },
    }).start();
    await expect(poll.result).rejects.toBe(broken);
    expect(poll.items).toEqual([1]);
  });
});

describe('the cursor of from.poll', () => {
  it('is undefined first, and then the one that the last poll returned', async () => {
    const cursors: unknown[] = [];
    const feed = pages(() => 7);
    const poll = await new APoll({
      read: (context: SourceContext<number>) => {
        cursors.push(context.cursor);
        return feed(context);
      },
    }).start();
    for (let i = 0; i < 3; i++) await poll.turn(10 * second);
    expect(cursors).toEqual([undefined, 3, 6, 7]);
    expect(poll.items).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });

  it('is sent with the last item of a page, and with no earlier one', async () => {
    const poll = await new APoll({ read: pages(() => 3) }).start();
    expect(poll.sent.map(({ items, position: { cursor, count } }) => [items, cursor, count])).toEqual([
      [[1], null, 1],
      [[2, 3], '{"version":1,"cursor":3}', 0],
    ]);
  });

  it('is sent once while nothing is new', async () => {
    const poll = await new APoll({ read: pages(() => 0) }).start();
    for (let i = 0; i < 3; i++) await poll.turn(10 * second);
    expect(poll.sent).toMatchObject([{ items: [], position: { cursor: '{"version":1,"cursor":0}' } }]);
  });

  it('is sent after the first poll of a run, even if `read` has none and nothing is new', async () => {
    const poll = await new APoll({ read: () => [] }).start();
    await poll.turn(10 * second);
    expect(poll.sent).toMatchObject([{ items: [], position: { cursor: '{"version":1}', count: 0 } }]);
  });

  it.each([
    ['without `cursor` in what it returns', () => ({ items: [1] })],
    ['that returns an array', () => [1]],
  ])('is unchanged by a poll %s', async (_, found) => {
    const cursors: unknown[] = [];
    const poll = await new APoll({
      read: ({ cursor }: SourceContext) => {
        cursors.push(cursor);
        return cursors.length === 1 ? { items: [], cursor: 'start' } : found();
      },
    }).start();
    await poll.turn(10 * second);
    await poll.turn(10 * second);
    expect(cursors).toEqual([undefined, 'start', 'start']);
    expect(poll.position).toMatchObject({ cursor: '{"version":1,"cursor":"start"}', count: 0 });
  });

  it.each([
    ['returns an array', () => [1, 2]],
    ['is a generator', () => [1, 2].values()],
  ])('covers the items of each finished poll, also if `read` has none and %s', async (_, read) => {
    const poll = await new APoll({ read }).start();
    await poll.turn(10 * second);
    expect(poll.items).toEqual([1, 2, 1, 2]);
    expect(poll.position).toMatchObject({ cursor: '{"version":1}', count: 0 });
  });

  it('of a checkpoint covers the items that were yielded before it', async () => {
    const never = new Promise<never>(() => undefined);
    const poll = await new APoll({
      async *read({ checkpoint }: SourceContext) {
        yield 1;
        yield 2;
        checkpoint('two');
        yield 3;
        await never;
      },
    }).start();
    expect(poll.items).toEqual([1, 2, 3]);
    expect(poll.position).toMatchObject({ cursor: '{"version":1,"cursor":"two"}', count: 1 });
  });

  it('of a checkpoint after the last item is sent at the end of the poll', async () => {
    const poll = await new APoll({
      *read({ checkpoint }: SourceContext) {
        yield 1;
        checkpoint('one');
      },
    }).start();
    expect(poll.position).toMatchObject({ cursor: '{"version":1,"cursor":"one"}', count: 0 });
  });

  it('of a checkpoint before the items are returned covers all of them, and is not sent before them', async () => {
    const cursors: unknown[] = [];
    let arrive: () => void = () => undefined;
    const arrived = new Promise<void>((resolve) => (arrive = resolve));
    const poll = await new APoll({
      read: async ({ cursor, checkpoint }: SourceContext) => {
        cursors.push(cursor);
        checkpoint(await Promise.resolve('all'));
        return (async function* () {
          yield 1;
          await arrived;
          yield 2;
        })();
      },
    }).start();
    expect(poll.position).toMatchObject({ cursor: null, count: 1 });
    arrive();
    await poll.settle();
    expect(poll.position).toMatchObject({ cursor: '{"version":1,"cursor":"all"}', count: 0 });
    await poll.turn(10 * second);
    expect(cursors).toEqual([undefined, 'all']);
  });

  it('is kept as JSON: later changes to the object do not count, and the next poll gets what a restart would give', async () => {
    const seen: unknown[] = [];
    const cursor = { at: new Date(0) };
    const poll = await new APoll({
      read: (context: SourceContext) => {
        seen.push(context.cursor);
        return { items: [seen.length], cursor };
      },
    }).start();
    cursor.at = new Date(1);
    await poll.turn(10 * second);
    expect(seen).toEqual([undefined, { at: '1970-01-01T00:00:00.000Z' }]);
  });

  it('is given to `read` again after a restart, and the items of an unfinished poll that are stored are skipped', async () => {
    const first = await new APoll({ read: pages(() => 3) }).start();
    // The first frame was stored, and the second was not.
    const { position } = first.sent[0]!;
    const successor = await new APoll({ read: pages(() => 3), position }).start();
    expect(successor.items).toEqual([2, 3]);
    const last = await new APoll({ read: pages(() => 5), position: successor.position }).start();
    expect(last.items).toEqual([4, 5]);
  });

  it.each([
    ['undefined', undefined],
    ['null', null],
    ['an object', { page: 1, of: [2] }],
  ])('is the same after a restart: %s', async (_, cursor) => {
    const seen: unknown[] = [];
    const read = (context: SourceContext) => {
      seen.push(context.cursor);
      return { items: [1], cursor };
    };
    const poll = await new APoll({ read }).start();
    await poll.turn(10 * second);
    await new APoll({ read, position: poll.position }).start();
    expect(seen).toEqual([undefined, cursor, cursor]);
  });

  it('of another kind of source is refused', async () => {
    const position = { cursor: '17', count: 0, digest: null };
    const poll = await new APoll({ read: () => [], position }).start();
    await expect(poll.result).rejects.toMatchObject({
      exitCode: 78,
      message: expect.stringMatching(/^expected the cursor of from\.poll, got a different one/),
    });
  });

  it('cannot be set by a poll that has ended', async () => {
    const contexts: SourceContext[] = [];
    await new APoll({
      read: (context: SourceContext) => {
        contexts.push(context);
        return [];
      },
    }).start();
    expect(() => contexts[0]!.checkpoint(1)).toThrow(
      'checkpoint was called after its poll had ended; await whatever calls it',
    );
  });
});

it('from.poll gives `read` the context of a source, and nothing else', async () => {
  const seen: object[] = [];
  const context = openContext({ run: 'run-7', params: { shelf: 'A' }, previous: { version: 1, cursor: 'end' } });
  await new APoll({
    context,
    read: (given: SourceContext) => {
      seen.push(given);
      return [];
    },
  }).start();
  const { run, params, fetch, limit, log } = context;
  const signal = expect.any(AbortSignal);
  const checkpoint = expect.any(Function);
  expect(seen).toEqual([{ run, params, fetch, limit, log, signal, cursor: undefined, previous: 'end', checkpoint }]);
});

describe('from.poll ends the run with exit code 78 if `read` returns', () => {
  it.each<[string, unknown, string]>([
    ['nothing', undefined, 'got nothing; return [] if there is nothing new'],
    ['a promise of nothing', Promise.resolve(), 'got nothing; return [] if there is nothing new'],
    ['null', null, 'got null'],
    ['a number', 5, 'got 5'],
    ['text', 'abc', 'got "abc"'],
    ['an object without items', { cursor: 1 }, 'got an object'],
    ['a function', () => [], 'got a function'],
    ['items that are no array', { items: 'abc' }, 'got items that are "abc" and not an array'],
    ['a misspelt field', { items: [], cusor: 1 }, 'got an unknown field cusor; did you mean "cursor"?'],
  ])('%s', async (_, value, got) => {
    const poll = await new APoll({ read: () => value as number[] }).start();
    await expect(poll.result).rejects.toMatchObject({
      exitCode: 78,
      message: `from.poll: expected read to return items (an array, a generator…) or { items, cursor }, ${got}`,
    });
  });

  it('a cursor that JSON cannot hold', async () => {
    const poll = await new APoll({ read: () => ({ items: [], cursor: 1n }) }).start();
    await expect(poll.result).rejects.toMatchObject({
      exitCode: 78,
      message: 'from.poll: read expects a cursor that JSON can hold: Do not know how to serialize a BigInt',
    });
  });
});
