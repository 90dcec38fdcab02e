import { describe, expect, it } from '@jest/globals';
import type { MemoryStore } from '../../../../src/queue/memory-store.ts';
import { emptyGroup } from '../../../../src/queue/store.ts';
import type { ServiceSettings } from '../../../../src/supervision/settings.ts';
import { aRun } from '../../../support/a-queue.ts';
import { AService } from '../../../support/a-service.ts';
import { frameOf } from '../../../support/frames.ts';

/** A world whose run is sealed and done: each consumer knows that nothing more will come. */
function finishing(consumers = 2, settings: Partial<ServiceSettings> = {}): AService {
  const world = new AService({ settings: { consumers, endTimeoutMs: 60_000, ...settings } }).runReady();
  world.producer.yields([1, 2], { count: 2 });
  world.producer.ends({ count: 2 });
  world.producer.says({ type: 'ended' });
  world.tick();
  for (const consumer of world.consumers) consumer.settles(...consumer.lent);
  world.tick();
  return world;
}

function leave(world: AService, ordinal: number): void {
  world.consumer(ordinal).says({ type: 'ended' });
  world.tick();
  world.consumer(ordinal).goes({ code: 0 });
  world.tick();
}

describe('the end of a run', () => {
  it('has this order: sealed, all settled, finishing committed, `end` sent to each consumer, finished committed, the outcome', async () => {
    const world = new AService({ settings: { consumers: 1 } }).runReady();
    world.producer.yields([1], { count: 1 });
    world.producer.ends({ count: 1 });
    world.tick();
    expect(world.store.run()).toMatchObject({ state: 'sealed', stored: 1 });
    expect(world.consumer().typesSent('end')).toEqual([]);

    world.consumer().settles(1);
    expect(world.store.run()).toMatchObject({ state: 'sealed' });
    world.since();
    world.tick();
    expect(world.since()).toEqual(['commit', 'consumer 1 ← settled', 'consumer 1 ← prune', 'consumer 1 ← end']);
    expect(world.store.run()).toMatchObject({ state: 'finishing' });

    world.producer.says({ type: 'ended' });
    world.consumer().says({ type: 'ended' });
    world.tick();
    expect([world.producer.typesSent('bye'), world.consumer().typesSent('bye')]).toEqual([['bye'], ['bye']]);
    world.producer.leaves();
    world.consumer().goes({ code: 0 });
    await world.settle();
    expect(world.outcome).toEqual({ exitCode: 0, spoolFailed: false, error: undefined });
    expect(world.since().slice(-4)).toEqual(['consumer 1 gone', 'writer 1 ended', 'writer 2 ended', 'commit']);
    expect(world.store.run()).toMatchObject({ state: 'finished', exitCode: 0, finishedAt: expect.any(Number) });
    expect(world.emitted('run.finished')).toMatchObject([{ items: 1, done: 1, dead: 0, exitCode: 0 }]);
    expect([...world.writers.all.values()].map(({ ended }) => ended)).toEqual(['clean', 'clean']);
    expect(world.clock.waiting).toBe(0);
  });

  it('also comes if the source has no items', async () => {
    const world = new AService({ settings: { consumers: 1 } }).runReady();
    world.producer.ends();
    world.producer.says({ type: 'ended' });
    world.tick();
    world.producer.leaves();
    leave(world, 1);
    await world.settle();
    expect(world.outcome).toMatchObject({ exitCode: 0 });
  });

  it('has exit code 3 when there are dead letters', async () => {
    const world = new AService({ settings: { consumers: 1 } }).runReady();
    world.producer.yields([1], { count: 1 });
    world.producer.ends({ count: 1 });
    world.producer.says({ type: 'ended' });
    world.tick();
    const failure = { seq: 1, verdict: 'dead', afterMs: null } as const;
    world.consumer().fails(failure);
    world.tick();
    world.producer.leaves();
    leave(world, 1);
    await world.settle();
    expect(world.outcome).toMatchObject({ exitCode: 3 });
    expect(world.store.run()).toMatchObject({ state: 'finished', exitCode: 3, dead: 1 });
  });

  it('waits for retries', () => {
    const world = new AService({ settings: { consumers: 1 } }).runReady();
    world.producer.yields([1], { count: 1 });
    world.producer.ends({ count: 1 });
    world.tick();
    const failure = { seq: 1, verdict: 'later', afterMs: 3_600_000 } as const;
    world.consumer().fails(failure);
    world.tick();
    world.pass(3_599_000);
    expect(world.store.run()).toMatchObject({ state: 'sealed' });
    world.pass(1000);
    expect(world.consumer().lent).toEqual([1, 1]);
    world.consumer().settles(1);
    world.tick();
    expect(world.consumer().typesSent('end')).toEqual(['end']);
  });

  it('waits for a commit that finds no space', () => {
    const world = new AService({ settings: { consumers: 1 } }).runReady();
    world.isFull();
    world.reserve.canTake = false;
    world.producer.ends();
    world.tick();
    expect(world.consumer().typesSent('end')).toEqual([]);
    world.hasSpaceAgain();
    world.pass(500);
    expect(world.consumer().typesSent('end')).toEqual(['end']);
  });
});

describe('the end of a run while an operator’s change waits for space', () => {
  it('waits, too: nothing is announced before it is committed', async () => {
    const world = new AService({ settings: { consumers: 1 } }).runReady();
    world.producer.yields([1, 2], { count: 2 });
    world.producer.ends({ count: 2 });
    world.producer.says({ type: 'ended' });
    world.tick();
    world.producer.leaves();
    const failure = { seq: 1, verdict: 'dead', afterMs: null } as const;
    world.consumer().fails(failure);
    world.tick();
    world.reserve.canTake = false;
    world.isFull();
    const purged = world.service.change((queue) => queue.letters.purge([1]));
    world.tick();
    await expect(purged).rejects.toThrow('once there is space');
    // Space for settlements, but not for the reserve as well.
    world.hasSpaceAgain();
    world.consumer().settles(2);
    world.tick();
    world.pass(500);
    expect(world.store.run()).toMatchObject({ state: 'sealed', done: 1 });
    expect(world.consumer().typesSent('end')).toEqual([]);
    world.reserve.canTake = true;
    world.pass(500);
    expect(world.store.run()).toMatchObject({ state: 'finishing', dead: 0 });
    expect(world.consumer().typesSent('end')).toEqual(['end']);
  });
});

/** Lets the back-off pass; the process that starts then becomes ready. */
function restartIfReplaced(world: AService): void {
  world.pass(1000);
  if (world.consumer().exit) return;
  world.consumer().says({ type: 'ready' });
  world.tick();
}

describe('a consumer at the end of a run', () => {
  it('that dies during its end work is replaced, and its successor does that work', async () => {
    const world = finishing();
    world.producer.leaves();
    leave(world, 2);
    world.consumer(1).dies();
    expect(world.emitted('child.exited').at(-1)).toMatchObject({ reason: 'killed by SIGKILL', expected: false });
    world.tick();
    expect(world.store.run()).toMatchObject({ state: 'finishing' });
    world.pass(250);
    world.consumer(1).says({ type: 'ready' });
    world.tick();
    expect(world.consumer(1).typesSent('end')).toEqual(['end']);
    leave(world, 1);
    await world.settle();
    expect(world.outcome).toMatchObject({ exitCode: 0 });
  });

  const failed = { type: 'failed', origin: 'process', exitCode: null } as const;

  it('whose teardown fails attempts it once more; if that fails, too, the run finishes with a warning', async () => {
    const world = finishing(1);
    world.producer.leaves();
    for (const message of ['no disk', 'still no disk']) {
      world.consumer().says({ ...failed, error: { code: 'E', message } });
      world.consumer().goes({ code: 1 });
      restartIfReplaced(world);
    }
    await world.settle();
    expect(world.consumers).toHaveLength(2);
    expect(world.emitted('child.endGivenUp')).toMatchObject([{ reason: 'exited 1 (still no disk)' }]);
    expect(world.outcome).toEqual({ exitCode: 0, spoolFailed: false, error: undefined });
    expect(world.store.run()).toMatchObject({ state: 'finished', exitCode: 0 });
  });

  it('whose teardown hangs gets endTimeout for it twice, and then the run finishes', async () => {
    const world = finishing(1);
    world.producer.leaves();
    for (let attempt = 1; attempt <= 2; attempt++) {
      world.pass(59_000);
      expect(world.consumer().killedFor).toBeUndefined();
      world.pass(1000);
      expect(world.consumer().killedFor).toContain('did not end within 1min');
      world.consumer().dies();
      restartIfReplaced(world);
    }
    await world.settle();
    expect(world.outcome).toMatchObject({ exitCode: 0 });
  });

  it('has two attempts at its end work even if a single crash would exceed crashLimit', async () => {
    const world = finishing(1, { restarts: { crashes: 0, periodMs: 60_000 } });
    world.producer.leaves();
    for (let attempt = 1; attempt <= 2; attempt++) {
      world.consumer().goes({ code: 1 });
      restartIfReplaced(world);
    }
    await world.settle();
    expect(world.consumers).toHaveLength(2);
    expect(world.emitted('child.endGivenUp')).toHaveLength(1);
    expect(world.outcome).toEqual({ exitCode: 0, spoolFailed: false, error: undefined });
  });

  it('that crashed too often with the last item settled does not keep the run from finishing', async () => {
    const world = new AService({ settings: { consumers: 1, restarts: { crashes: 0, periodMs: 60_000 } } }).runReady();
    world.producer.yields([1], { count: 1 });
    world.producer.ends({ count: 1 });
    world.producer.says({ type: 'ended' });
    world.tick();
    world.producer.leaves();
    world.consumer().settles(1);
    world.consumer().dies();
    world.tick();
    await world.settle();
    expect(world.emitted('child.parked')).toHaveLength(1);
    expect(world.outcome).toEqual({ exitCode: 0, spoolFailed: false, error: undefined });
  });

  it('that cannot be started again for its end work is given up', async () => {
    const world = finishing(1);
    world.producer.leaves();
    world.consumer().dies();
    world.pass(1000);
    world.consumer().says({ ...failed, error: { code: 'DEPENDENCY', message: 'no route' } });
    world.consumer().goes({ code: 1 });
    world.pass(1000);
    await world.settle();
    expect(world.consumers).toHaveLength(2);
    expect(world.outcome).toMatchObject({ exitCode: 0 });
  });

  it('that gives up its end work does not hide the dead letters', async () => {
    const world = new AService({ settings: { consumers: 1 } }).runReady();
    world.producer.yields([1], { count: 1 });
    world.producer.ends({ count: 1 });
    world.producer.says({ type: 'ended' });
    world.tick();
    world.producer.leaves();
    world.consumer().fails({ seq: 1, verdict: 'dead', afterMs: null });
    world.tick();
    for (let attempt = 1; attempt <= 2; attempt++) {
      world.consumer().dies();
      restartIfReplaced(world);
    }
    await world.settle();
    expect(world.outcome).toMatchObject({ exitCode: 3 });
  });

  it('that is starting is asked to end as soon as it is ready', () => {
    const world = new AService();
    world.run();
    world.producer.says({ type: 'ready' });
    world.consumer(1).says({ type: 'ready' });
    world.producer.ends();
    world.tick();
    expect(world.consumer(1).typesSent('end')).toEqual(['end']);
    expect(world.consumer(2).typesSent('end')).toEqual([]);
    world.consumer(2).says({ type: 'ready' });
    world.tick();
    expect(world.consumer(2).typesSent('end')).toEqual(['end']);
  });

  it('that died earlier and held nothing is not waited for', async () => {
    const world = new AService().runReady();
    world.consumer(2).dies();
    world.producer.ends();
    world.producer.says({ type: 'ended' });
    world.tick();
    world.producer.leaves();
    leave(world, 1);
    await world.settle();
    expect(world.outcome).toMatchObject({ exitCode: 0 });
    expect(world.consumers).toHaveLength(2);
  });

  it('may report twice that it has ended', async () => {
    const world = finishing(1);
    world.producer.leaves();
    world.consumer().says({ type: 'ended' });
    world.tick();
    world.consumer().says({ type: 'ended' });
    world.tick();
    expect(world.consumer().typesSent('bye')).toEqual(['bye', 'bye']);
    world.consumer().goes({ code: 0 });
    world.tick();
    await world.settle();
    expect(world.outcome).toMatchObject({ exitCode: 0 });
  });
});

describe('a run that is already sealed', () => {
  const sealed = { state: 'sealed', nextSeq: 3, stored: 2, position: { cursor: null, count: 2, digest: 'd' } } as const;
  const fill = (store: MemoryStore): void => {
    const run = aRun(sealed);
    const frames = [{ first: 1, frame: frameOf(['a', 'b']) }];
    store.commit({
      run,
      ...emptyGroup(),
      frames,
    });
  };

  it('starts no producer, redelivers the open items, and finishes', async () => {
    const world = new AService({ run: sealed, store: fill, settings: { consumers: 1 }, unfencedWriters: [41] });
    world.runReady();
    expect(world.producers).toEqual([]);
    expect(world.notes).toContain('producer dismissed');
    expect(world.consumer().deliveries).toMatchObject([
      { seq: 1, count: 2, items: ['a', 'b'], history: 'inherited', writers: [41] },
    ]);
    world.consumer().settles(1, 2);
    world.tick();
    leave(world, 1);
    await world.settle();
    expect(world.outcome).toMatchObject({ exitCode: 0 });
  });

  it('and was finishing only ends its consumers', async () => {
    const world = new AService({ run: { ...sealed, state: 'finishing' }, settings: { consumers: 1 } }).runReady();
    expect(world.consumer().typesSent()).toEqual(['describe', 'configure', 'prune', 'end']);
    leave(world, 1);
    await world.settle();
    expect(world.outcome).toMatchObject({ exitCode: 0 });
  });
});
