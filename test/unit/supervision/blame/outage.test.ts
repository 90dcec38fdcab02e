import { describe, expect, it } from '@jest/globals';
import { isOutside, Outage } from '../../../../src/supervision/blame/outage.ts';
import { AService, type AServiceOptions } from '../../../support/a-service.ts';
import type { FakeConsumer } from '../../../support/fake-child.ts';

const error = { code: 'E', message: 'connection refused' };

describe('an outage', () => {
  it.each([
    [99, 60_000, false],
    [100, 9_999, false],
    [100, 10_000, true],
  ])('begins when %i attempts over %i ms have all failed: %s', (attempts, ms, isOn) => {
    const outage = new Outage({ pauseAfter: 100 });
    outage.failed(5, error);
    for (let i = 2; i < attempts; i++) outage.failed(5 + i, error);
    outage.failed(5 + ms, error);
    expect(outage.isOn).toBe(isOn);
    expect(outage.reason?.includes('connection refused') ?? false).toBe(isOn);
  });

  it('ends, or does not begin, when one attempt succeeds', () => {
    const outage = new Outage({ pauseAfter: 100 });
    for (let i = 0; i < 99; i++) outage.failed(i * 1000, error);
    outage.succeeded();
    for (let i = 0; i < 99; i++) outage.failed(100_000 + i * 1000, error);
    expect(outage.isOn).toBe(false);
    outage.failed(300_000, error);
    expect(outage.isOn).toBe(true);
    outage.succeeded();
    expect([outage.isOn, outage.reason]).toEqual([false, null]);
  });

  it('never begins if pauseAfter is 0', () => {
    const outage = new Outage({ pauseAfter: 0 });
    for (let i = 0; i < 1000; i++) outage.failed(i * 1000, error);
    expect(outage.isOn).toBe(false);
  });

  it('is probed less and less often, but at least once a minute', () => {
    const outage = new Outage({ pauseAfter: 100 });
    for (let i = 0; i < 100; i++) outage.failed(i * 1000, error);
    expect(outage.probeAt).toBe(100_000);
    const waits = Array.from({ length: 9 }, () => {
      outage.probed(0, 0.999999);
      return outage.probeAt;
    });
    expect(waits).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000]);
  });
});

describe('an error from outside', () => {
  it.each([
    [{ code: 'DEPENDENCY', message: 'm' }, true],
    [{ code: 'RETRY_AFTER', message: 'm' }, true],
    [
      { code: 'E', message: 'm', cause: { code: 'E', message: 'm', cause: { code: 'DEPENDENCY', message: 'm' } } },
      true,
    ],
    [{ code: 'E', message: 'm', cause: { code: 'E', message: 'm' } }, false],
  ])('is recognised by its own code or that of a cause: %j', (data, expected) => {
    expect(isOutside(data)).toBe(expected);
  });
});

/** A service that paused because every attempt failed, with 40 items that wait for a retry. */
function aWorldThatIsOut(options: AServiceOptions = {}): AService {
  const settings = { consumers: 2, concurrency: 20, attempts: 5, retry: { baseMs: 1000, capMs: 1000 } };
  const world = new AService({ ...options, settings: { ...settings, ...options.settings } }).runReady();
  world.producer.yields(
    Array.from({ length: 40 }, (_, i) => i),
    { count: 40 },
  );
  world.tick();
  for (let round = 0; round < 60 && world.service.status.state !== 'paused'; round++) {
    failAll(world);
    world.pass(4000);
  }
  return world;
}

/** The items that a consumer was lent since the last call. */
function news(consumer: FakeConsumer): number[] {
  const from = seen.get(consumer) ?? 0;
  seen.set(consumer, consumer.sent.length);
  return consumer.sent.slice(from).flatMap((message) => {
    if (message.type !== 'deliver') return [];
    return Array.from({ length: message.count }, (_, i) => message.seq + i);
  });
}
const seen = new WeakMap<FakeConsumer, number>();

/** Every consumer reports that all the items it was lent have failed. Returns the number of items. */
function failAll(world: AService, verdict: 'retry' | 'later' = 'retry'): number {
  let failed = 0;
  for (const consumer of world.consumers) {
    const held = news(consumer);
    if (held.length === 0) continue;
    failed += held.length;
    consumer.fails(...held.map((seq) => ({ seq, verdict, afterMs: null })));
    world.tick();
  }
  return failed;
}

describe('a pipeline in which nothing succeeds any more', () => {
  it('pauses, says why, and runs one item at a time, less and less often', () => {
    const world = aWorldThatIsOut();
    expect(world.service.status).toMatchObject({ state: 'paused', pausedBy: expect.stringContaining('it failed') });
    expect(world.emitted('run.paused')).toHaveLength(1);
    failAll(world);
    let probes = 0;
    let most = 0;
    for (let second = 0; second < 3600; second++) {
      world.pass(1000);
      const tried = failAll(world);
      most = Math.max(most, tried);
      probes += tried;
    }
    expect(most).toBe(1);
    expect(probes).toBeGreaterThan(60);
    expect(probes).toBeLessThan(150);
    expect(world.emitted('run.paused')).toHaveLength(1);
  });

  it('also probes when a probe becomes due in the middle of a tick', () => {
    const untilProbe = (world: AService): number => {
      let ms = 0;
      for (; world.queue.stats.lent === 0 && ms < 100_000; ms += 1) world.pass(1);
      return ms;
    };
    const aWorldThatWaits = (): AService => {
      const world = aWorldThatIsOut();
      failAll(world);
      untilProbe(world);
      failAll(world);
      return world;
    };
    const ms = untilProbe(aWorldThatWaits());
    for (let early = 0.05; early < 1; early += 0.05) {
      const world = aWorldThatWaits();
      world.clock.standStill(ms - early);
      // Something other than the probe’s timer starts the tick.
      world.clock.perLook = 0.05;
      world.producer.yields([1], { count: 41 });
      world.tick();
      world.clock.perLook = 0;
      for (let i = 0; i < 5; i++) world.pass(1000);
      expect(world.queue.stats.lent).toBe(1);
    }
  });

  it('lends no second probe while the first still runs', () => {
    const world = aWorldThatIsOut();
    failAll(world);
    world.pass(600_000);
    expect(world.queue.stats.lent).toBe(1);
  });

  it('probes with new items as well as with items that have failed before', () => {
    const world = aWorldThatIsOut();
    world.producer.yields(
      Array.from({ length: 10 }, (_, i) => i),
      { count: 50 },
    );
    world.tick();
    const probed = new Set<number>();
    for (let probe = 0; probe < 10; probe++) {
      world.pass(61_000);
      for (const consumer of world.consumers) {
        const held = news(consumer);
        if (held.length > 0) consumer.fails(...held.map((seq) => ({ seq, verdict: 'retry' as const, afterMs: null })));
        for (const seq of held) probed.add(seq);
      }
      world.tick();
    }
    expect([...probed].filter((seq) => seq > 40).length).toBeGreaterThanOrEqual(4);
    expect([...probed].filter((seq) => seq <= 40).length).toBeGreaterThanOrEqual(4);
  });

  it('uses no attempts during the outage, so no item becomes a dead letter', () => {
    const world = aWorldThatIsOut();
    const dead = world.queue.run.dead;
    for (let second = 0; second < 2 * 3600; second += 10) {
      world.pass(10_000);
      failAll(world);
    }
    expect(world.queue.run.dead).toBe(dead);
    expect(world.queue.stats.retrying + world.queue.stats.queued + world.queue.stats.lent).toBe(40 - dead);
  });

  it('resumes with all items as soon as one succeeds', () => {
    const world = aWorldThatIsOut();
    failAll(world);
    let probe: number[] = [];
    for (let second = 0; second < 120 && probe.length === 0; second++) {
      world.pass(1000);
      for (const consumer of world.consumers) {
        const held = news(consumer);
        if (held.length === 0) continue;
        probe = held;
        consumer.settles(...held);
      }
    }
    world.tick();
    expect(probe).toHaveLength(1);
    expect(world.emitted('run.unpaused')).toHaveLength(1);
    expect(world.service.status).toMatchObject({ state: 'running', pausedBy: null });
    world.pass(1000);
    expect(world.queue.stats).toMatchObject({ queued: 0, retrying: 0, lent: 39 - world.queue.run.dead });
  });

  it('also pauses when all items wait for something outside', () => {
    const world = new AService({ settings: { consumers: 1, concurrency: 20 } }).runReady();
    world.producer.yields(
      Array.from({ length: 30 }, (_, i) => i),
      { count: 30 },
    );
    world.tick();
    for (let round = 0; round < 30; round++) {
      failAll(world, 'later');
      world.pass(10_000);
    }
    expect(world.service.status.state).toBe('paused');
    expect(world.queue.run.dead).toBe(0);
  });

  it('does not pause for items that can never succeed', () => {
    const world = new AService({ settings: { consumers: 1, concurrency: 200 } }).runReady();
    for (let i = 1; i <= 300; i++) {
      world.producer.yields([i], { count: i });
      world.tick();
      world.consumer().fails({ seq: i, verdict: 'dead', afterMs: null });
      world.pass(100);
    }
    expect(world.queue.run.dead).toBe(300);
    expect(world.emitted('run.paused')).toEqual([]);
  });
});

describe('an item that fails as in an outage while the others succeed', () => {
  const failure = { verdict: 'later', afterMs: null } as const;
  const idle = { idle: 0, ran: 0, tookMs: 0, blockedMs: 0 };
  const aWorld = (settings: AServiceOptions['settings'] = {}): AService => {
    const world = new AService({ settings: { consumers: 1, concurrency: 20, attempts: 3, ...settings } }).runReady();
    world.producer.yields(
      Array.from({ length: 10 }, (_, i) => i),
      { count: 10 },
    );
    world.producer.ends({ count: 10 });
    world.tick();
    return world;
  };

  it('becomes a dead letter after its attempts and one more failure, and says why', () => {
    const world = aWorld();
    const consumer = world.consumer();
    consumer.says({ type: 'settle', done: [1, 6, 8, 10], failed: [], used: { vendor: 9 }, ...idle });
    world.tick();
    let failures = 0;
    for (; world.queue.run.dead === 0 && failures < 10; failures++) {
      consumer.fails({ seq: 7, ...failure, outside: { limit: 'vendor' } });
      for (let second = 0; second < 20; second++) world.pass(1000);
    }
    expect(failures).toBe(4);
    expect(world.emitted('item.dead')).toMatchObject([
      {
        seq: 7,
        attempts: 3,
        reason: 'failed 3 times, the last time: it failed; other items succeeded in the meantime',
      },
    ]);
  });

  it('uses no attempt if the others called under another limit', () => {
    const world = aWorld({ attempts: 1 });
    const consumer = world.consumer();
    consumer.says({ type: 'settle', done: [1, 6, 8, 10], failed: [], used: { other: 9 }, ...idle });
    world.tick();
    for (let failures = 0; failures < 20; failures++) {
      consumer.fails({ seq: 7, ...failure, outside: { limit: 'vendor' } });
      for (let second = 0; second < 20; second++) world.pass(1000);
    }
    expect(world.queue.run.dead).toBe(0);
  });

  it('uses no attempt, however often it fails, if it asked for a later time itself', () => {
    const world = aWorld({ attempts: 1 });
    const consumer = world.consumer();
    consumer.settles(1, 2, 3, 4, 5, 6, 8, 9, 10);
    world.tick();
    for (let failures = 0; failures < 20; failures++) {
      consumer.fails({ seq: 7, verdict: 'later', afterMs: 500 });
      world.pass(1000);
    }
    expect(world.queue.run.dead).toBe(0);
  });

  it('waits as long as the vendor asked', () => {
    const world = aWorld();
    const consumer = world.consumer();
    consumer.settles(1, 2, 3, 4, 5, 6, 8, 9, 10);
    world.tick();
    for (const wait of [90_000, 90_000]) {
      consumer.fails({ seq: 7, verdict: 'later', afterMs: wait, outside: { limit: null } });
      world.tick();
      world.pass(wait);
    }
    expect(world.emitted('item.retry').map(({ inMs, attempt }) => [attempt, inMs])).toEqual([
      [1, 90_000],
      [1, 90_000],
    ]);
    expect(consumer.deliveries.filter(({ seq }) => seq === 7).map(({ attempt }) => attempt)).toEqual([1, 2]);
  });
});

describe('a pipeline whose sink cannot be reached', () => {
  const out = { type: 'sink', reason: 'connection refused' } as const;
  const aWorld = (): AService => {
    const world = new AService({ settings: { consumers: 2, concurrency: 1 } }).runReady();
    world.producer.yields([1, 2, 3, 4], { count: 4 });
    world.tick();
    return world;
  };

  it('pauses when no consumer can write to it, and says why; nothing is lent until one can', () => {
    const world = aWorld();
    world.consumer(1).says(out);
    world.tick();
    expect(world.service.status.state).toBe('running');
    world.consumer(2).says(out);
    world.tick();
    expect(world.service.status).toMatchObject({
      state: 'paused',
      pausedBy: 'no consumer can write to the sink (connection refused); they keep trying',
    });
    world.consumer(1).fails({ seq: 1, verdict: 'retry', afterMs: 0 });
    world.pass(3_600_000);
    expect([world.consumer(1).lent, world.consumer(2).lent]).toEqual([[1], [2]]);
    expect(world.emitted('run.paused')).toHaveLength(1);
    world.consumer(1).says({ ...out, reason: null });
    world.tick();
    expect(world.service.status).toMatchObject({ state: 'running', pausedBy: null });
    expect(world.emitted('run.unpaused')).toHaveLength(1);
    expect(world.consumer(1).lent.slice(0, 2)).toEqual([1, 1]);
  });

  it('resumes when a new consumer can write to it', () => {
    const world = aWorld();
    world.consumer(1).says(out);
    world.consumer(2).goes({ code: 1 });
    world.tick();
    expect(world.service.status.state).toBe('paused');
    world.pass(1000);
    world.consumer(2).says({ type: 'ready' });
    world.tick();
    expect(world.service.status.state).toBe('running');
    expect(world.consumer(2).lent).not.toEqual([]);
  });
});

describe('a process that cannot reach what it needs', () => {
  it.each(['consumer', 'producer'] as const)('is restarted with back-off and not parked: the %s', (role) => {
    const world = new AService({ settings: { consumers: 1 } }).runReady();
    const child = () => (role === 'producer' ? world.producer : world.consumer());
    const starts = () => (role === 'producer' ? world.producers : world.consumers).length;
    for (let second = 0; second < 3600; second++) {
      if (!child().exit) {
        const outside = { code: 'DEPENDENCY', message: 'no route' };
        child().says({ type: 'failed', error: outside, origin: 'process', exitCode: null });
        child().goes({ code: 1 });
      }
      world.pass(1000);
    }
    expect(world.emitted('child.parked')).toEqual([]);
    expect(world.emitted('child.exited').at(-1)).toMatchObject({ expected: false, isOutage: true });
    expect(world.service.status.state).toBe('running');
    expect(starts()).toBeGreaterThan(100);
    expect(starts()).toBeLessThan(260);
  });
});
