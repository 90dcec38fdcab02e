import { describe, expect, it } from '@jest/globals';
import type { Beat } from '../../../../src/ipc/messages.ts';
import { AService } from '../../../support/a-service.ts';

/** Crashes a child as often as it takes to park it. */
function park(world: AService, crash: () => void): void {
  for (let i = 0; i < 6; i++) {
    crash();
    world.pass(4000);
  }
}

function beat(oldestMs = 0): Beat {
  return { type: 'beat', rss: 1, utilisation: 0, lent: 0, started: 0, oldestMs, waiting: null };
}

describe('a stop', () => {
  it('drains: items that the producer sent are stored, consumers give back or finish theirs, and the queue keeps the rest', async () => {
    const world = new AService({ settings: { consumers: 1, concurrency: 2 } }).runReady();
    world.producer.yields([1, 2, 3, 4], { count: 4 });
    world.tick();
    world.service.stop('SIGTERM');
    expect(world.emitted('run.stopping')).toEqual([{ reason: 'SIGTERM', hurry: false, lent: 2 }]);
    expect([world.producer.typesSent('stop'), world.consumer().typesSent('stop')]).toEqual([['stop'], ['stop']]);

    world.producer.yields([5], { count: 5 });
    world.producer.says({ type: 'ended' });
    world.consumer().says({ type: 'givenBack', items: [2, 2] });
    world.consumer().settles(1);
    world.tick();
    expect(world.producer.typesSent('stored', 'bye')).toEqual(['stored', 'stored', 'bye']);
    expect(world.consumer().lent).toEqual([1, 2]);
    world.consumer().says({ type: 'ended' });
    world.tick();
    world.producer.leaves();
    world.consumer().goes({ code: 0 });
    await world.settle();
    expect(world.outcome).toEqual({ exitCode: 0, spoolFailed: false, error: undefined });
    expect(world.emitted('run.stopped')).toEqual([{ open: 4, aborted: 0, exitCode: 0 }]);
    expect(world.store.run()).toMatchObject({ state: 'running', stored: 5, done: 1 });
    expect([...world.writers.all.values()].map(({ ended }) => ended)).toEqual(['clean', 'clean']);
    expect(world.clock.waiting).toBe(0);
  });

  it('shows how many items still run, in which process, and until when', () => {
    const world = new AService({ settings: { consumers: 1, concurrency: 2, stopTimeoutMs: 25_000 } }).runReady();
    world.producer.yields([1, 2, 3], { count: 3 });
    world.tick();
    expect(world.service.status.stop).toBeNull();
    world.service.stop('SIGTERM');
    world.consumer().says({ type: 'givenBack', items: [3, 3] });
    world.consumer().says({ ...beat(4000), lent: 2, started: 2 });
    world.pass(5000);
    const { state, stop, processes, reasons } = world.service.status;
    expect(state).toBe('stopping');
    expect(stop).toEqual({ reason: 'SIGTERM', running: 2, abortInMs: 15_000, killInMs: 20_000 });
    expect(processes[1]).toMatchObject({ state: 'draining', lent: 2, started: 2 });
    expect(reasons[0]).toBe('stopping: 2 items still running, aborted in 15s, killed in 20s');

    world.pass(15_000);
    expect(world.emitted('run.aborting')).toEqual([{ running: 2 }]);
    expect(world.service.status.stop).toEqual({ reason: 'SIGTERM', running: 2, abortInMs: null, killInMs: 5000 });
    expect(world.service.status.reasons[0]).toBe('stopping: 2 items still running after the abort, killed in 5s');
    world.service.stop('SIGTERM again');
    expect(world.service.status.stop).toMatchObject({ abortInMs: null, killInMs: 2000 });
    world.consumer().settles(1, 2);
    world.tick();
    expect(world.service.status.reasons[0]).toBe('stopping: remaining processes killed in 2s');
  });

  it('before anything is ready kills starting processes: they hold nothing', async () => {
    const world = new AService();
    world.run();
    world.service.stop('SIGINT');
    const children = [world.producer, ...world.consumers];
    expect(children.map(({ killedFor }) => killedFor)).toEqual(children.map(() => 'stopped before it was ready'));
    for (const child of children) {
      // Sent before the kill arrived.
      child.says({ type: 'ready' });
      child.dies();
    }
    await world.settle();
    expect(world.emitted('child.exited').map(({ expected }) => expected)).toEqual(children.map(() => true));
    expect(world.outcome).toMatchObject({ exitCode: 0 });
    world.pass(60_000);
    expect(world.consumers).toHaveLength(2);
  });

  it('before the start starts no process', async () => {
    const world = new AService();
    world.service.stop('SIGTERM');
    world.run();
    await world.settle();
    expect(world.outcome).toMatchObject({ exitCode: 0 });
    expect([world.producers, world.consumers]).toEqual([[], []]);
    expect(world.clock.waiting).toBe(0);
  });

  it('reaches a producer that is throttled', () => {
    const world = new AService({ marks: { highItems: 1, lowItems: 0 } }).runReady();
    world.producer.yields([1], { count: 1 });
    world.tick();
    expect(world.producer.last('throttle')).toMatchObject({ on: true });
    world.service.stop('SIGTERM');
    expect(world.producer.typesSent().at(-1)).toBe('stop');
  });

  it('during a back-off replaces no process', async () => {
    const world = new AService({ settings: { consumers: 1 } }).runReady();
    world.consumer().dies();
    world.service.stop('SIGTERM');
    world.producer.says({ type: 'ended' });
    world.tick();
    world.pass(10_000);
    expect(world.consumers).toHaveLength(1);
    world.producer.leaves();
    await world.settle();
    expect(world.outcome).toMatchObject({ exitCode: 0 });
  });

  it('while the run is finishing lets the consumers continue, and the next start finishes the run', async () => {
    const world = new AService({ settings: { consumers: 1 } }).runReady();
    world.producer.ends();
    world.producer.says({ type: 'ended' });
    world.tick();
    world.producer.leaves();
    expect(world.consumer().typesSent()).toEqual(['describe', 'configure', 'prune', 'end']);
    world.service.stop('SIGTERM');
    expect(world.consumer().typesSent()).toEqual(['describe', 'configure', 'prune', 'end']);
    world.consumer().dies();
    world.pass(60_000);
    await world.settle();
    expect(world.consumers).toHaveLength(1);
    expect(world.outcome).toMatchObject({ exitCode: 0 });
    expect(world.store.run()).toMatchObject({ state: 'finishing' });
  });

  it('is not sent to a producer whose source has ended', () => {
    const world = new AService().runReady();
    world.producer.yields([1], { count: 1 });
    world.producer.ends({ count: 1 });
    world.service.stop('SIGTERM');
    world.tick();
    expect([world.producer.killedFor, world.producer.typesSent('stop')]).toEqual([undefined, []]);
    expect(world.producer.typesSent('stored')).toEqual(['stored']);
  });

  it('lends nothing more, not even retries that become due', () => {
    const world = new AService({ settings: { consumers: 1 } }).runReady();
    world.producer.yields([1], { count: 1 });
    world.tick();
    const failure = { seq: 1, verdict: 'later', afterMs: 10 } as const;
    world.consumer().fails(failure);
    world.service.stop('SIGTERM');
    world.pass(1000);
    expect(world.consumer().lent).toEqual([1]);
  });
});

describe('a stop while a limit stays closed for longer than the stop may take', () => {
  const withdrawn = (world: AService): unknown[] => world.consumer().sent.filter(({ type }) => type === 'withdraw');

  it('gives back the items that wait for the limit, and ends with 0', async () => {
    const limits = { vendor: { concurrency: 1 }, other: { concurrency: 1 } };
    const world = new AService({ settings: { consumers: 1, stopTimeoutMs: 10_000 }, limits }).runReady();
    world.producer.yields([1], { count: 1 });
    world.tick();
    world.consumer().says({ type: 'freeze', limit: 'vendor', ms: 3_600_000 });
    world.consumer().says({ type: 'freeze', limit: 'other', ms: 5000 });
    world.consumer().says({ type: 'acquire', id: 1, limit: 'vendor' });
    world.tick();
    world.service.stop('SIGTERM');
    world.tick();
    expect(withdrawn(world)).toEqual([{ type: 'withdraw', limits: ['vendor'], ms: 8000 }]);
    world.consumer().says({ type: 'givenBack', items: [1, 1] });
    world.consumer().says({ type: 'release', id: 1 });
    world.consumer().says({ type: 'ended' });
    world.producer.says({ type: 'ended' });
    world.tick();
    world.producer.leaves();
    world.consumer().goes({ code: 0 });
    await world.settle();
    expect(world.outcome).toMatchObject({ exitCode: 0 });
    expect(world.emitted('run.stopped')).toEqual([{ open: 1, aborted: 0, exitCode: 0 }]);
  });

  it('names limits that close later, and limits that a rate keeps closed', () => {
    const limits = { vendor: { concurrency: 1 }, rated: { rate: { count: 1, perMs: 3_600_000 } } };
    const world = new AService({ settings: { consumers: 1, stopTimeoutMs: 10_000 }, limits }).runReady();
    world.producer.yields([1], { count: 1 });
    world.consumer().says({ type: 'acquire', id: 1, limit: 'rated' });
    world.tick();
    world.service.stop('SIGTERM');
    world.tick();
    world.pass(1000);
    world.consumer().says({ type: 'freeze', limit: 'vendor', ms: 60_000 });
    world.tick();
    expect(withdrawn(world)).toEqual([
      { type: 'withdraw', limits: ['rated'], ms: 8000 },
      { type: 'withdraw', limits: ['vendor', 'rated'], ms: 7000 },
    ]);
  });
});

describe('a stop that takes too long', () => {
  it('aborts running items at four fifths of the time, and kills the remaining processes at its end', async () => {
    const world = new AService({ settings: { consumers: 1, stopTimeoutMs: 10_000 } }).runReady();
    world.producer.yields([1], { count: 1 });
    world.tick();
    world.service.stop('SIGTERM');
    world.producer.says({ type: 'ended' });
    world.tick();
    world.producer.leaves();
    world.pass(7999);
    expect(world.consumer().typesSent('abort')).toEqual([]);
    world.pass(1);
    expect(world.consumer().typesSent('abort')).toEqual(['abort']);
    world.pass(1999);
    expect(world.consumer().killedFor).toBeUndefined();
    world.pass(1);
    expect(world.consumer().killedFor).toBe('still running when stopTimeout expired');
    world.consumer().dies();
    await world.settle();
    expect(world.outcome).toMatchObject({ exitCode: 75 });
    expect(world.emitted('run.stopped')).toEqual([{ open: 1, aborted: 1, exitCode: 75 }]);
    expect(world.consumers).toHaveLength(1);
  });

  it('also counts as forced when a consumer ended in order but had to abort items', async () => {
    const world = new AService({ settings: { consumers: 1 } }).runReady();
    world.producer.yields([1], { count: 1 });
    world.tick();
    world.service.stop('SIGTERM');
    world.pass(20_000);
    world.consumer().says({ type: 'ended' });
    world.producer.says({ type: 'ended' });
    world.tick();
    world.producer.leaves();
    world.consumer().goes({ code: 0 });
    await world.settle();
    expect(world.outcome).toMatchObject({ exitCode: 75 });
    expect(world.emitted('run.stopped')).toEqual([{ open: 1, aborted: 1, exitCode: 75 }]);
    expect(world.writers.all.get(2)).toMatchObject({ ended: 'unclean' });
  });
});

describe('a stop that no process follows', () => {
  it('counts as forced even if no consumer held anything', async () => {
    const world = new AService({ settings: { consumers: 1 } }).runReady();
    world.service.stop('SIGTERM');
    world.pass(25_000);
    world.producer.dies();
    world.consumer().dies();
    await world.settle();
    expect(world.outcome).toMatchObject({ exitCode: 75 });
    expect(world.emitted('run.stopped')).toEqual([{ open: 0, aborted: 0, exitCode: 75 }]);
  });
});

describe('a killed process that does not exit', () => {
  it('is given up after some seconds, and named; it stays on record for the next supervisor', async () => {
    const world = new AService({ settings: { consumers: 1, stopTimeoutMs: 10_000 } }).runReady();
    world.service.stop('SIGTERM');
    world.producer.says({ type: 'ended' });
    world.tick();
    world.producer.leaves();
    world.pass(10_000);
    expect(world.consumer().killedFor).toBeDefined();
    world.pass(4999);
    expect(world.outcome).toBeUndefined();
    world.pass(1);
    await world.settle();
    expect(world.outcome).toMatchObject({ exitCode: 75, spoolFailed: false, error: { code: 'STUCK' } });
    expect(world.outcome!.error!.message).toContain(`consumer 1 (process ${world.consumer().who.pid}) was killed but`);
    expect(world.since().at(-1)).toBe('consumer 1 abandoned');
    expect(world.writers.all.get(2)).not.toHaveProperty('ended');
    expect(world.clock.waiting).toBe(0);
  });
});

describe('a second stop', () => {
  it('aborts at once and kills two seconds later; a third stop does not postpone that', () => {
    const world = new AService({ settings: { consumers: 1 } }).runReady();
    world.service.stop('SIGTERM');
    world.service.stop('SIGTERM');
    expect(world.consumer().typesSent('abort')).toEqual(['abort']);
    world.pass(1500);
    world.service.stop('SIGINT');
    expect(world.consumer().killedFor).toBeUndefined();
    world.pass(500);
    expect(world.consumer().killedFor).toBe('still running when stopTimeout expired');
    expect(world.producer.killedFor).toBe('still running when stopTimeout expired');
    expect(world.emitted('run.stopping')).toEqual([
      { reason: 'SIGTERM', hurry: false, lent: 0 },
      { reason: 'SIGTERM', hurry: true, lent: 0 },
    ]);
  });
});

describe('giving up', () => {
  it('happens when the producer is parked: everything is drained, exit 69, and the queue is intact', async () => {
    const world = new AService({ settings: { consumers: 1 } }).runReady();
    world.producer.yields([1], { count: 1 });
    world.tick();
    park(world, () => world.producer.goes({ code: 1 }));
    expect(world.emitted('child.parked')).toMatchObject([{ crashes: 6, lastReason: 'exited 1' }]);
    expect(world.consumer().typesSent('stop')).toEqual(['stop']);
    world.consumer().settles(1);
    world.consumer().says({ type: 'ended' });
    world.tick();
    world.consumer().goes({ code: 0 });
    await world.settle();
    expect(world.outcome).toMatchObject({ exitCode: 69, error: { code: 'GAVE_UP' } });
    expect(world.outcome?.error?.message).toContain('the producer crashed too often (last: exited 1)');
    expect(world.store.run()).toMatchObject({ state: 'running', stored: 1, done: 1 });
  });

  it('happens when every consumer is parked, and not while one is alive', async () => {
    const world = new AService().runReady();
    park(world, () => world.consumer(1).goes({ code: 1 }));
    expect(world.producer.typesSent('stop')).toEqual([]);
    expect(world.service.status.reasons).toContain('consumer 1 is parked (last: exited 1)');
    park(world, () => world.consumer(2).goes({ code: 1 }));
    expect(world.producer.typesSent('stop')).toEqual(['stop']);
    world.producer.says({ type: 'ended' });
    world.tick();
    world.producer.leaves();
    await world.settle();
    expect(world.outcome).toMatchObject({ exitCode: 69, error: { code: 'GAVE_UP' } });
  });

  it('happens with the exit code of a child that reports that no process could continue', async () => {
    const world = new AService({ settings: { consumers: 1 } }).runReady();
    const failed = { code: 'SOURCE_CHANGED', message: 'the source is another one' };
    world.producer.says({ type: 'failed', origin: 'process', error: failed, exitCode: 78 });
    world.producer.goes({ code: 1 });
    expect(world.consumer().typesSent('stop')).toEqual(['stop']);
    world.consumer().says({ type: 'ended' });
    world.tick();
    world.consumer().goes({ code: 0 });
    world.pass(60_000);
    await world.settle();
    expect(world.outcome).toMatchObject({ exitCode: 78, error: { message: 'the source is another one' } });
    expect(world.producers).toHaveLength(1);
  });
});

describe('a hang', () => {
  it('is silence for a minute: the child is killed and replaced', () => {
    const world = new AService({ settings: { consumers: 1 } }).runReady();
    world.consumer().says(beat());
    world.pass(59_000);
    world.producer.says(beat());
    world.pass(1000);
    expect(world.consumer().killedFor).toBeUndefined();
    world.pass(1000);
    expect(world.consumer().killedFor).toBe('silent for 1min');
    expect(world.producer.killedFor).toBeUndefined();
  });

  it('is an item that still runs long after it should have been aborted', () => {
    const world = new AService({ settings: { consumers: 1, itemTimeoutMs: 10_000 } }).runReady();
    world.consumer().says(beat(55_000));
    world.producer.says(beat());
    world.pass(1000);
    expect(world.consumer().killedFor).toContain('an item was still running 45s after it was aborted');
  });

  it('is not a child without items that is silent for less than the stall timeout', () => {
    const world = new AService({ settings: { consumers: 1, itemTimeoutMs: 1000 } }).runReady();
    world.consumer().says(beat());
    world.producer.says(beat());
    world.pass(59_000);
    expect([world.consumer().killedFor, world.producer.killedFor]).toEqual([undefined, undefined]);
  });

  it('is not blamed on children when the supervisor itself stood still', () => {
    const world = new AService({ settings: { consumers: 1 } }).runReady();
    world.consumer().says(beat());
    world.clock.standStill(600_000);
    world.pass(60_000);
    expect(world.consumer().killedFor).toBeUndefined();
    world.pass(1000);
    expect(world.consumer().killedFor).toBe('silent for 1min');
  });
});
