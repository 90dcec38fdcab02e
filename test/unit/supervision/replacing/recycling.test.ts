import { describe, expect, it } from '@jest/globals';
import { AService, type AServiceOptions } from '../../../support/a-service.ts';
import type { FakeConsumer } from '../../../support/fake-child.ts';

const mib = 1024 * 1024;

function aWorld(recycling: Partial<{ rssBytes: number; items: number; ageMs: number }>, more: AServiceOptions = {}) {
  const settings = { consumers: 2, recycling: { rssBytes: null, items: null, ageMs: null, ...recycling } };
  const world = new AService({ ...more, settings: { ...settings, ...more.settings } });
  world.run();
  world.producer.says({ type: 'ready' });
  for (const consumer of world.consumers) getReady(world, consumer);
  return world;
}

function beats(consumer: FakeConsumer, rss = 1): void {
  consumer.says({ type: 'beat', rss, utilisation: 0, lent: 0, started: 0, oldestMs: 0, waiting: null });
}

function getReady(world: AService, consumer: FakeConsumer, rss = 1): void {
  beats(consumer, rss);
  consumer.says({ type: 'ready' });
  world.tick();
}

/** Exits as a consumer does that was asked to stop and has nothing left. */
function leave(world: AService, consumer: FakeConsumer): void {
  consumer.says({ type: 'ended' });
  world.tick();
  expect(consumer.typesSent('bye')).toEqual(['bye']);
  consumer.goes({ code: 0 });
  world.tick();
}

const states = (world: AService): string[] =>
  world.service.status.processes
    .filter(({ who }) => who.role === 'consumer')
    .map(({ who, state }) => `${who.ordinal} ${who.pid} ${state}`);

describe('a consumer that has done enough', () => {
  it('works until its successor is ready; then it gives back the items that it has not started and finishes the rest', () => {
    const world = aWorld({ items: 3 }, { settings: { consumers: 1, concurrency: 2 } });
    const old = world.consumer();
    world.producer.yields([1, 2, 3, 4, 5, 6], { count: 6 });
    world.tick();
    old.settles(1, 2);
    world.tick();
    world.pass(1000);
    expect(world.consumers).toHaveLength(1);
    old.settles(3);
    world.tick();
    world.pass(1000);
    expect(world.emitted('child.recycling')).toEqual([
      { who: old.who, reason: 'it has processed 3 items (maxItems 3)' },
    ]);
    const successor = world.consumer();
    expect(successor).not.toBe(old);
    expect(old.typesSent('stop')).toEqual([]);
    expect(states(world)).toEqual([`1 ${old.who.pid} ready`, `1 ${successor.who.pid} starting`]);

    const lentBefore = old.lent;
    getReady(world, successor);
    expect(old.typesSent('stop')).toEqual(['stop']);
    expect(states(world)).toEqual([`1 ${successor.who.pid} ready`, `1 ${old.who.pid} draining`]);
    const open = lentBefore.filter((seq) => seq > 3);
    old.says({ type: 'givenBack', items: open.slice(1).flatMap((seq) => [seq, seq]) });
    world.tick();
    expect(successor.lent).toEqual([5, 6].slice(0, successor.lent.length));
    old.settles(open[0]!);
    leave(world, old);
    expect(states(world)).toEqual([`1 ${successor.who.pid} ready`]);
    expect([...world.writers.all.values()].map(({ ended }) => ended)).toEqual([undefined, 'clean', undefined]);
    // Given back, not lost: no consumer asks the ledger.
    expect(successor.deliveries.map(({ history }) => history)).toEqual(successor.deliveries.map(() => 'first'));
    expect(world.service.status.processes.map(({ restarts }) => restarts)).toEqual([0, 0]);
    expect(world.emitted('child.exited').map(({ expected }) => expected)).toEqual([true]);
  });

  it('is replaced alone: the oldest comes first, and the next one waits until it has gone', () => {
    const world = aWorld({ ageMs: 60_000 });
    const [first, second] = world.consumers as [FakeConsumer, FakeConsumer];
    for (let i = 0; i < 59; i++) {
      beats(first);
      beats(second);
      world.pass(1000);
    }
    expect(world.consumers).toHaveLength(2);
    world.pass(1000);
    world.pass(5000);
    expect(world.consumers).toHaveLength(3);
    expect(world.emitted('child.recycling')).toEqual([{ who: first.who, reason: 'it is 1min old (maxAge 1min)' }]);
    getReady(world, world.consumer(1));
    world.pass(5000);
    expect(world.consumers).toHaveLength(3);
    leave(world, first);
    world.pass(1000);
    expect(world.consumers).toHaveLength(4);
    expect(world.consumer(2)).not.toBe(second);
  });

  it('is kept when its candidate does not become ready; that is no crash, and another candidate starts after a while', () => {
    const world = aWorld({ items: 1 }, { settings: { consumers: 1 } });
    const old = world.consumer();
    world.producer.yields([1, 2]);
    world.tick();
    old.settles(1);
    world.tick();
    let starts = 0;
    for (let minute = 0; minute < 60; minute++) {
      for (let second = 0; second < 60; second++) {
        beats(old);
        world.pass(1000);
        if (world.consumer() !== old && !world.consumer().exit) {
          starts += 1;
          world.consumer().goes({ code: 1 });
          world.tick();
        }
      }
    }
    expect(old.typesSent('stop')).toEqual([]);
    expect(world.emitted('child.notReplaced')[0]).toMatchObject({ who: old.who, reason: expect.stringContaining('1') });
    expect(world.emitted('child.parked')).toEqual([]);
    expect(starts).toBeGreaterThan(5);
    expect(starts).toBeLessThan(20);
    expect(states(world)).toEqual([`1 ${old.who.pid} ready`]);
    expect([...world.writers.all.values()].filter(({ ended }) => ended)).toHaveLength(starts);
  });

  it('that dies in the meantime is replaced by the process that is ready first', () => {
    const world = aWorld({ items: 1 }, { settings: { consumers: 1 } });
    const old = world.consumer();
    world.producer.yields([1, 2]);
    world.tick();
    old.settles(1);
    world.tick();
    world.pass(1000);
    const successor = world.consumer();
    old.dies();
    world.tick();
    expect(states(world)).toEqual(['1 undefined backoff', `1 ${successor.who.pid} starting`]);
    getReady(world, successor);
    expect(states(world)).toEqual([`1 ${successor.who.pid} ready`]);
    world.pass(60_000);
    expect(world.consumers).toHaveLength(2);
    expect(successor.lent).toEqual([2]);
  });

  it('that does not end is killed, and its items are lent to others', () => {
    const world = aWorld(
      { items: 1 },
      { settings: { consumers: 1, itemTimeoutMs: 60_000, abortGraceMs: 1000, endTimeoutMs: 9000 } },
    );
    const old = world.consumer();
    world.producer.yields([1, 2]);
    world.tick();
    old.settles(1);
    world.tick();
    world.pass(1000);
    const successor = world.consumer();
    getReady(world, successor);
    for (let i = 0; i < 70; i++) {
      expect(old.killedFor).toBeUndefined();
      beats(old);
      beats(successor);
      world.pass(1000);
    }
    expect(old.killedFor).toContain('did not exit within');
    old.dies();
    world.tick();
    expect(successor.lent).toEqual([2]);
    expect(world.emitted('child.parked')).toEqual([]);
  });
});

describe('a consumer that has grown', () => {
  it('is replaced, but not before it has lived for a while', () => {
    const world = aWorld({ rssBytes: 100 * mib }, { settings: { consumers: 1 } });
    const old = world.consumer();
    world.pass(1000);
    for (let i = 0; i < 28; i++) {
      beats(old, 101 * mib);
      world.pass(1000);
    }
    expect(world.consumers).toHaveLength(1);
    beats(old, 101 * mib);
    world.pass(1000);
    expect(world.consumers).toHaveLength(2);
    expect(world.emitted('child.recycling')).toEqual([
      { who: old.who, reason: 'its memory (101MiB) exceeds maxRss (100MiB)' },
    ]);
  });

  it('beyond the cap by the time it is ready is reported once, and so is its successor: there is no loop', () => {
    const world = aWorld({ rssBytes: 100 * mib }, { settings: { consumers: 1 } });
    const old = world.consumer();
    world.pass(30_000);
    beats(old, 150 * mib);
    world.pass(1000);
    const successor = world.consumer();
    expect(successor).not.toBe(old);
    getReady(world, successor, 120 * mib);
    leave(world, old);
    for (let i = 0; i < 600; i++) {
      beats(successor, 120 * mib);
      world.pass(1000);
    }
    expect(world.emitted('child.large')).toEqual([{ who: successor.who, rss: 120 * mib, maxRss: 100 * mib }]);
    expect(world.consumers).toHaveLength(2);
  });
});

describe('while a consumer is replaced', () => {
  it('a stop reaches both processes, and a candidate that is not ready is killed', async () => {
    const world = aWorld({ items: 1 }, { settings: { consumers: 1 } });
    const old = world.consumer();
    world.producer.yields([1]);
    world.tick();
    old.settles(1);
    world.tick();
    world.pass(1000);
    const successor = world.consumer();
    world.service.stop('SIGTERM');
    expect(old.typesSent('stop')).toEqual(['stop']);
    expect(successor.killedFor).toBe('stopped before it was ready');
    successor.dies();
    leave(world, old);
    world.producer.says({ type: 'ended' });
    world.tick();
    world.producer.leaves();
    await world.settle();
    expect(world.outcome).toMatchObject({ exitCode: 0 });
    expect(world.clock.waiting).toBe(0);
  });

  it('the end of the run does not wait for a candidate', async () => {
    const world = aWorld({ items: 1 }, { settings: { consumers: 1 } });
    const old = world.consumer();
    world.producer.yields([1], { count: 1 });
    world.tick();
    old.settles(1);
    world.tick();
    world.pass(1000);
    world.producer.ends({ count: 1 });
    world.producer.says({ type: 'ended' });
    world.tick();
    const successor = world.consumer();
    expect(successor.killedFor).toBe('stopped before it was ready');
    expect(old.typesSent('end')).toEqual(['end']);
    successor.dies();
    world.producer.leaves();
    leave(world, old);
    await world.settle();
    expect(world.outcome).toMatchObject({ exitCode: 0 });
    expect(world.store.run()).toMatchObject({ state: 'finished' });
    expect(world.emitted('child.notReplaced')).toEqual([]);
    expect(world.clock.waiting).toBe(0);
  });

  it('the end of the run also waits for its predecessor', async () => {
    const world = aWorld({ items: 1 }, { settings: { consumers: 1 } });
    const old = world.consumer();
    world.producer.yields([1], { count: 1 });
    world.tick();
    old.settles(1);
    world.tick();
    world.pass(1000);
    const successor = world.consumer();
    getReady(world, successor);
    world.producer.ends({ count: 1 });
    world.producer.says({ type: 'ended' });
    world.tick();
    world.producer.leaves();
    expect([old.typesSent('end'), successor.typesSent('end')]).toEqual([[], ['end']]);
    leave(world, successor);
    await world.settle();
    expect(world.outcome).toBeUndefined();
    leave(world, old);
    await world.settle();
    expect(world.outcome).toMatchObject({ exitCode: 0 });
    expect(world.clock.waiting).toBe(0);
  });
});
