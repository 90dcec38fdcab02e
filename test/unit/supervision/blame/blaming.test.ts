import { describe, expect, it } from '@jest/globals';
import { EventBus, type EventName } from '../../../../src/observability/events.ts';
import { Holding } from '../../../../src/queue/lending/holding.ts';
import { MemoryStore } from '../../../../src/queue/memory-store.ts';
import { Queue } from '../../../../src/queue/queue.ts';
import { blameForKilledSupervisors } from '../../../../src/supervision/blame/blaming.ts';
import { aRun } from '../../../support/a-queue.ts';
import type { ServiceSettings } from '../../../../src/supervision/settings.ts';
import { AService } from '../../../support/a-service.ts';
import { frameOf } from '../../../support/frames.ts';
import { HandClock } from '../../../support/hand-clock.ts';

const moment = { now: 0, wall: 0 };
const credit = { items: 100, bytes: 1000 };

/** The queue that a restarted supervisor finds, with ten items and the retry of an eleventh, and the events of blaming. */
function restarted(
  predecessors: { uncleanStarts: number; trial: number | null },
  {
    retryInMs = 0,
    earlier = [],
    windowRetries = 100,
  }: { retryInMs?: number; earlier?: number[]; windowRetries?: number } = {},
) {
  const store = new MemoryStore();
  const before = new Queue(store, aRun(), { windowBytes: 1000 });
  before.append(frameOf(Array.from({ length: 11 }, (_, i) => `item ${i}`)), { cursor: null, count: 11, digest: null });
  before.commit(moment);
  const holding = new Holding(20);
  before.take(holding, credit, moment);
  const error = { code: 'E', message: 'no' };
  for (const seq of earlier)
    before.fail(holding, seq, moment, () => ({ kind: 'retry', error, delayMs: 0, usesAttempt: true }));
  before.fail(holding, 4, moment, () => ({ kind: 'retry', error, delayMs: retryInMs, usesAttempt: true }));
  before.commit(moment);

  const queue = new Queue(store, store.run()!, { windowBytes: 1000, windowRetries });
  const clock = new HandClock(0);
  const events = new EventBus();
  const happened: [EventName, object][] = [];
  events.subscribe((name, event) => happened.push([name, event]));
  const settings = { consumers: 1, concurrency: 3, retry: { baseMs: 1000, capMs: 1000 } };
  blameForKilledSupervisors(
    { queue, clock, events, random: () => 0.5, settings: settings as ServiceSettings },
    predecessors,
  );
  queue.commit(moment);
  return { store, queue, happened };
}

/** Lends the next item that must run alone. */
function next(queue: Queue): { holding: Holding; seqs: number[] } {
  const holding = new Holding(1);
  if (queue.takeAlone(holding, { bytes: 1000 }, moment).length > 0) throw new Error('lent before it was committed');
  queue.commit(moment);
  return { holding, seqs: queue.takeAlone(holding, { bytes: 1000 }, moment).map(({ seq }) => seq) };
}

describe('a start', () => {
  it.each([
    { uncleanStarts: 0, trial: null },
    { uncleanStarts: 2, trial: null },
  ])('after %j accuses no item', (predecessors) => {
    const { queue, happened } = restarted(predecessors);
    expect([queue.availableAlone(moment), happened]).toEqual([0, []]);
  });

  it('accuses the items that may have been running, and runs each alone, after three supervisors were killed with no item settled', () => {
    const { queue, happened } = restarted({ uncleanStarts: 3, trial: null });
    expect(happened).toMatchObject([['items.isolated', { items: 3, cause: 'its supervisor was killed with it' }]]);
    const ordinary = queue.take(new Holding(20), credit, moment);
    expect(ordinary).toMatchObject({ seq: 3, frame: { count: 1 }, mode: 'together' });
    for (const expected of [4, 1, 2]) {
      const { holding, seqs } = next(queue);
      expect(seqs).toEqual([expected]);
      queue.settle(holding, [[expected, expected]], 0);
    }
    expect(queue.availableAlone(moment)).toBe(0);
  });

  it.each([2, 4])('names the item that was on trial when the last supervisor was killed (%i)', (trial) => {
    const { store, queue, happened } = restarted({ uncleanStarts: 1, trial });
    expect(happened.at(-1)).toMatchObject(['item.killed', { seq: trial, kills: 1, inMs: 750 }]);
    expect(store.readRetryError(trial)?.message).toBe('killed its consumer once: its supervisor was killed with it');
    expect(queue.stats).toMatchObject({ retrying: trial === 2 ? 1 : 1, queued: 10 });
    expect(queue.isDirty).toBe(false);
  });
});

describe('a start after an item on trial brought down its supervisor', () => {
  // The wall clock was set back in the meantime.
  it('names the item even if its retry is not due yet by the clock', () => {
    const { store, queue, happened } = restarted({ uncleanStarts: 1, trial: 4 }, { retryInMs: 5000 });
    expect(happened.at(-1)).toMatchObject(['item.killed', { seq: 4, kills: 1 }]);
    expect(store.readRetryHead(4)).toMatchObject({ kills: 1 });
    expect(queue.stats).toMatchObject({ retrying: 1, queued: 10 });
  });

  it('names the item even if more retries are due before it than are kept in memory', () => {
    const options = { retryInMs: 5000, earlier: [5, 6, 7, 8, 9], windowRetries: 2 };
    const { store, queue, happened } = restarted({ uncleanStarts: 1, trial: 4 }, options);
    expect(happened.at(-1)).toMatchObject(['item.killed', { seq: 4, kills: 1 }]);
    expect(store.readRetryHead(4)).toMatchObject({ kills: 1 });
    expect(queue.stats).toMatchObject({ queued: 8, retrying: 3 });
  });

  it('names no item if the one on trial has settled', () => {
    const { happened } = restarted({ uncleanStarts: 1, trial: 99 });
    expect(happened.map(([name]) => name)).toEqual(['items.isolated']);
  });
});

describe('a consumer that dies with items', () => {
  it('has its items run alone; the item that kills again is named, runs once more, and is looked up in the ledger before it is dead', () => {
    const world = new AService({
      settings: { consumers: 2, concurrency: 2, retry: { baseMs: 100, capMs: 100 } },
    }).runReady();
    world.producer.yields(['a', 'b', 'c', 'd']);
    world.tick();
    world.consumer(1).goes({ code: 7 });
    world.consumer(2).settles(3, 4);
    world.tick();
    expect(world.emitted('items.isolated')).toMatchObject([{ items: 2, cause: 'exit code 7' }]);
    expect(world.consumer(2).deliveries.at(-1)).toMatchObject({ seq: 1, count: 2, mode: 'alone' });
    expect(world.service.status.reasons).toContain(
      'consumer 2 is set aside: it runs 2 items, one at a time, to find what crashed a consumer',
    );

    world.consumer(2).says({ type: 'start', items: [1, 1] });
    world.consumer(2).says({ type: 'start', items: [2, 2] });
    world.consumer(2).goes({ signal: 'SIGSEGV' });
    world.tick();
    expect(world.emitted('item.killed')).toMatchObject([{ seq: 2, kills: 2, cause: 'SIGSEGV', inMs: 75 }]);
    world.pass(250);
    for (const ordinal of [1, 2]) world.consumer(ordinal).says({ type: 'ready' });
    world.tick();
    const [killed] = world.consumers.filter(({ exit, lent }) => !exit && lent.includes(2));
    expect(killed?.deliveries.at(-1)).toMatchObject({ seq: 2, mode: 'alone' });
    killed?.says({ type: 'start', items: [2, 2] });
    killed?.goes({ signal: 'SIGSEGV' });
    for (const other of world.consumers) if (!other.exit && other.lent.includes(1)) other.settles(1);
    world.tick();
    const [asked] = world.consumers.filter(({ exit, lent }) => !exit && lent.includes(2));
    expect(asked?.deliveries.at(-1)).toMatchObject({ seq: 2, mode: 'askOnly', history: 'lost' });
    asked?.fails({ seq: 2, verdict: 'absent', afterMs: null });
    world.tick();
    expect(world.emitted('item.dead')).toMatchObject([
      { seq: 2, attempts: 1, reason: 'killed its consumer 3 times: SIGSEGV' },
    ]);
    expect(world.store.readDead({ after: 0, limit: 10 })).toMatchObject([{ seq: 2, kills: 3 }]);
  });

  it.each([
    ['does not count as a crash of its post if an item is to blame', true, 0],
    ['counts as a crash of its post if no item is to blame', false, 1],
  ])('%s', (...row) => {
    const [, isKiller, parked] = row;
    const restarts = { crashes: 1, periodMs: 600_000 };
    const world = new AService({
      settings: { consumers: 1, concurrency: 1, retry: { baseMs: 1e6, capMs: 1e6 }, restarts },
    });
    world.runReady();
    world.producer.yields(['a', 'b', 'c', 'd']);
    world.tick();
    const successor = (): void => {
      const before = world.consumer();
      while (world.consumer() === before) world.pass(50);
      world.consumer().says({ type: 'ready' });
      world.tick();
    };
    for (let death = 1; death <= 3 && world.emitted('child.parked').length === 0; death++) {
      world.consumer().goes({ code: 7 });
      if (world.emitted('child.parked').length > 0) break;
      successor();
      const { seq, count, mode } = world.consumer().deliveries.at(-1)!;
      expect(mode).toBe('alone');
      world.consumer().says({ type: 'start', items: [seq, seq] });
      if (isKiller) {
        world.consumer().goes({ code: 7 });
        successor();
      } else {
        world.consumer().settles(...Array.from({ length: count }, (_, i) => seq + i));
        world.tick();
      }
    }
    expect(world.emitted('child.parked')).toHaveLength(parked);
    expect(world.emitted('items.cleared')).toHaveLength(isKiller ? 0 : 2);
  });

  it('for a reason of its own, or because it was asked to exit, accuses no item', () => {
    const world = new AService({ settings: { consumers: 2, concurrency: 2 } }).runReady();
    world.producer.yields(['a', 'b', 'c', 'd']);
    world.tick();
    world.consumer(1).says({
      type: 'failed',
      origin: 'process',
      error: { code: 'FENCED', message: 'barred' },
      exitCode: null,
    });
    world.consumer(1).goes({ code: 1 });
    world.consumer(2).kill('not needed');
    world.consumer(2).dies();
    world.pass(1000);
    expect(world.emitted('items.isolated')).toEqual([]);
    for (const ordinal of [1, 2]) world.consumer(ordinal).says({ type: 'ready' });
    world.tick();
    expect(world.consumer(1).deliveries[0]).toMatchObject({ mode: 'together' });
  });

  it('takes the blame itself and is parked if it keeps dying, whatever it runs', () => {
    const world = new AService({
      settings: {
        consumers: 1,
        concurrency: 1,
        retry: { baseMs: 1e6, capMs: 1e6 },
        restarts: { crashes: 2, periodMs: 1e9 },
      },
    }).runReady();
    world.producer.yields(Array.from({ length: 100 }, (_, i) => i));
    world.tick();
    let deaths = 0;
    for (;;) {
      const consumer = world.consumer();
      const delivery = consumer.deliveries.at(-1);
      if (delivery?.mode === 'alone') consumer.says({ type: 'start', items: [delivery.seq, delivery.seq] });
      consumer.goes({ code: 7 });
      deaths += 1;
      expect(deaths).toBeLessThan(200);
      if (world.service.status.processes[1]!.state === 'parked') break;
      while (world.consumer() === consumer) world.pass(100);
      world.consumer().says({ type: 'ready' });
      world.tick();
    }
    expect(world.emitted('item.killed').length).toBeGreaterThan(30);
    expect(world.emitted('item.dead')).toEqual([]);
  });
});
