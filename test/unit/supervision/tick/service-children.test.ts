import { describe, expect, it } from '@jest/globals';
import { emptyGroup, StoreFull } from '../../../../src/queue/store.ts';
import { microtasks } from '../../../support/microtasks.ts';
import { aRun } from '../../../support/a-queue.ts';
import { AService, described } from '../../../support/a-service.ts';
import { frameOf } from '../../../support/frames.ts';

const error = { code: 'E', message: 'it failed' };

describe('a consumer with nothing to do', () => {
  it('gets items that another has not started, once the other has given them back', () => {
    const world = new AService({ settings: { consumers: 2, concurrency: 8 } });
    world.run();
    world.producer.says({ type: 'ready' });
    world.consumer(1).says({ type: 'ready' });
    world.producer.yields([1, 2, 3, 4, 5, 6, 7, 8]);
    world.tick();
    expect(world.consumer(1).lent).toHaveLength(8);
    world.consumer(2).says({ type: 'ready' });
    world.tick();
    world.pass(100);
    world.tick();
    expect(world.consumer(1).last('recall')).toEqual({ type: 'recall', items: 4 });
    expect(world.consumer(2).lent).toEqual([]);
    world.consumer(1).says({ type: 'givenBack', items: [5, 8] });
    world.tick();
    expect(world.consumer(2).lent).toEqual([5, 6, 7, 8]);
    expect(world.consumer(2).deliveries).toMatchObject([{ history: 'first' }]);
  });

  it('causes no second request to a consumer that has nothing to give back', () => {
    const world = new AService({ settings: { consumers: 2, concurrency: 8 } });
    world.run();
    for (const child of [world.producer, world.consumer(1)]) child.says({ type: 'ready' });
    world.producer.yields([1, 2, 3, 4, 5, 6, 7, 8]);
    world.tick();
    world.consumer(2).says({ type: 'ready' });
    world.tick();
    world.pass(100);
    world.tick();
    world.consumer(1).says({ type: 'givenBack', items: [] });
    for (let round = 0; round < 5; round++) {
      world.pass(200);
      world.tick();
    }
    expect(world.consumer(1).typesSent('recall')).toHaveLength(1);
  });
});

describe('a consumer that dies', () => {
  it('is read to its end, its items go back to the queue, and only then is it replaced', () => {
    const world = new AService({ settings: { consumers: 1 } }).runReady();
    world.producer.yields([1, 2, 3]);
    world.tick();
    const first = world.consumer();
    first.settles(2);
    first.dies();
    expect(world.emitted('child.exited')).toMatchObject([
      { reason: 'killed by SIGKILL', givenBack: 2, expected: false },
    ]);
    world.tick();
    expect(world.queue.run.done).toBe(1);
    expect(world.consumers).toHaveLength(1);

    world.pass(250);
    const second = world.consumer();
    expect(second).not.toBe(first);
    expect(second.who.ordinal).toBe(1);
    expect(world.emitted('child.restarting')).toEqual([{ who: first.who, inMs: 188, restarts: 1 }]);
    second.says({ type: 'ready' });
    world.tick();
    const deliveries = second.deliveries.map(({ seq, count, history, writers }) => ({
      seq,
      count,
      history,
      writers,
    }));
    expect(deliveries).toEqual([
      { seq: 1, count: 1, history: 'lost', writers: [2] },
      { seq: 3, count: 1, history: 'lost', writers: [2] },
    ]);
  });

  it('has its items lent to its siblings at once', () => {
    const world = new AService().runReady();
    world.producer.yields([1]);
    world.tick();
    const holder = world.consumers.find(({ lent }) => lent.length > 0)!;
    const other = world.consumers.find(({ lent }) => lent.length === 0)!;
    holder.dies();
    world.tick();
    expect(other.deliveries).toMatchObject([{ seq: 1, history: 'lost' }]);
  });

  it('is named to the consumers that get its items until one of them has barred it', () => {
    const world = new AService({ settings: { consumers: 2 } }).runReady();
    world.producer.yields([1, 2]);
    world.tick();
    world.consumer(1).dies();
    world.consumer(2).settles(2);
    world.tick();
    expect(world.consumer(2).deliveries.at(-1)).toMatchObject({ seq: 1, writers: [2] });
    world.consumer(2).says({ type: 'fenced', writers: [2] });
    world.tick();
    expect(world.writers.all.get(2)).toMatchObject({ ended: 'unclean', fenced: true });
    world.consumer(2).dies();
    world.pass(1000);
    world.consumer(1).says({ type: 'ready' });
    world.tick();
    expect(world.consumer(1).deliveries[0]).toMatchObject({ writers: [3] });
  });

  it('need not be barred from a sink that has no ledger', () => {
    const world = new AService({ isTransactional: false }).runReady();
    world.producer.yields([1, 2]);
    world.tick();
    world.consumer(1).dies();
    world.consumer(2).settles(2);
    world.tick();
    expect(world.consumer(2).deliveries.at(-1)).toMatchObject({ seq: 1, history: 'lost', writers: [] });
  });

  it('before it is on the list of writers is simply replaced', () => {
    const world = new AService({ settings: { consumers: 1 } });
    // Between its start and the tick that would add it to the list.
    void world.service.run();
    const first = world.consumer();
    first.goes({ code: 1 });
    world.pass(250);
    expect(first.typesSent()).toEqual(['describe']);
    expect([...world.writers.all.values()].filter(({ role }) => role === 'consumer')).toHaveLength(1);
    expect(world.consumer().typesSent()).toEqual(['describe', 'configure']);
  });

  it('while it is being added to the list of writers is replaced when its exit is seen', () => {
    const world = new AService({ settings: { consumers: 1 } });
    void world.service.run();
    world.vanished.add(world.consumer().who.pid!);
    world.tick();
    world.consumer().goes({ code: 1 });
    world.pass(250);
    expect(world.consumers).toHaveLength(2);
    expect([...world.writers.all.values()].filter(({ role }) => role === 'consumer')).toMatchObject([
      { ended: 'unclean' },
      {},
    ]);
  });

  it('is reported with the error that it sent', () => {
    const world = new AService().runReady();
    world.consumer().says({
      type: 'failed',
      origin: 'process',
      error: { code: 'E', message: 'the lookup table is gone' },
      exitCode: null,
    });
    world.consumer().goes({ code: 1 });
    expect(world.emitted('child.exited')).toMatchObject([{ reason: 'exited 1 (the lookup table is gone)' }]);
  });

  it('with exit code 0, although it was not asked to exit, counts as crashed', () => {
    const world = new AService().runReady();
    world.consumer().goes({ code: 0 });
    expect(world.emitted('child.exited')).toMatchObject([{ reason: 'exited 0 unexpectedly' }]);
    expect(world.service.status.processes[1]).toMatchObject({ state: 'backoff' });
  });

  it('is killed and replaced when it does not become ready in time', () => {
    const world = new AService({ settings: { consumers: 1 } });
    world.run();
    world.pass(29_999);
    expect(world.consumer().killedFor).toBeUndefined();
    world.pass(1);
    expect(world.consumer().killedFor).toBe('not ready within 30s');
    world.consumer().dies();
    world.pass(250);
    expect(world.consumers).toHaveLength(2);
  });

  it('is not killed because it cannot reach its sink when it opens it', () => {
    const world = new AService({ settings: { consumers: 1 } });
    world.run();
    for (let i = 0; i < 20; i++) {
      world.consumer().says({ type: 'sink', reason: 'connection refused' });
      // The longest pause, and an attempt that takes as long as it may.
      world.pass(90_000);
    }
    expect(world.consumer().killedFor).toBeUndefined();
    expect(world.emitted('sink.down')).toHaveLength(1);
    expect(world.service.status.reasons).toContain('consumer 1 cannot write to the sink: connection refused');
    world.consumer().says({ type: 'sink', reason: null });
    world.pass(30_000);
    expect(world.consumer().killedFor).toBe('not ready within 30s');
  });
});

describe('a consumer whose starts all fail by timing out', () => {
  /** Lets `starts` starts of the consumer time out; `says` sends messages from each of them first. */
  function timeOut(world: AService, starts: number, says: () => void = () => undefined): void {
    for (let i = 0; i < starts; i++) {
      says();
      world.pass(30_000);
      expect(world.consumer().killedFor).toBe('not ready within 30s');
      world.consumer().dies();
      world.tick();
      world.pass(30_000);
    }
  }

  it('is given up when there are more failed starts than crashLimit, even if they are half a minute apart', async () => {
    const world = new AService({ settings: { consumers: 1 } });
    world.run();
    world.producer.says({ type: 'ready' });
    timeOut(world, 6);
    expect(world.emitted('child.parked')).toMatchObject([{ crashes: 6, withinMs: null }]);
    world.producer.says({ type: 'ended' });
    world.tick();
    world.producer.leaves();
    await world.settle();
    expect(world.outcome).toMatchObject({ exitCode: 69 });
  });

  it('is not given up while its set-up waits for a limit: that is not its fault', () => {
    const world = new AService({ settings: { consumers: 1 }, limits: { vendor: { concurrency: 1 } } });
    world.run();
    world.limits.freeze(world.clock.now(), 'vendor', 3_600_000);
    timeOut(world, 10, () => world.consumer().says({ type: 'acquire', id: 1, limit: 'vendor' }));
    expect(world.emitted('child.parked')).toEqual([]);
  });
});

describe('a starting consumer whose sink could not be reached', () => {
  it('is killed when it hangs in a later attempt to open it', () => {
    const world = new AService({ settings: { consumers: 1 } });
    world.run();
    world.pass(29_000);
    world.consumer().says({ type: 'sink', reason: 'connection refused' });
    world.pass(119_999);
    expect(world.consumer().killedFor).toBeUndefined();
    world.pass(1);
    expect(world.consumer().killedFor).toBe('not ready within 30s');
  });
});

describe('the service', () => {
  it('counts a settle with a part of a sink only if the consumer holds all of its items', () => {
    const world = new AService({ settings: { consumers: 1 } }).runReady();
    world.producer.yields(['a', 'b']);
    world.tick();
    const report = { type: 'settle' as const, failed: [], idle: 0, ran: 0, tookMs: 0, blockedMs: 0 };
    expect(() => world.consumer().says({ ...report, done: [1, 3], parts: { file: 30 } })).toThrow(
      'a part of a sink came with items that were not lent',
    );
    world.tick();
    expect([world.queue.run.done, world.queue.sinkParts]).toEqual([0, []]);
    world.consumer().says({ ...report, done: [1, 2], parts: { file: 20 } });
    world.tick();
    expect(world.queue.run.done).toBe(2);
    expect(world.queue.sinkParts).toEqual([{ sink: 'file', writer: 2, part: 20 }]);
  });

  it('refuses and counts a settle of items that the consumer does not hold', () => {
    const world = new AService({ settings: { consumers: 1 } }).runReady();
    world.producer.yields([1, 2]);
    world.tick();
    world.consumer().settles(1, 5, 6);
    world.consumer().says({ type: 'givenBack', items: [8, 9] });
    const failure = { seq: 1, verdict: 'retry', afterMs: null } as const;
    world.consumer().fails(failure);
    expect(world.emitted('settle.refused').map(({ items }) => items)).toEqual([2, 2, 1]);
    expect(world.queue.stats).toMatchObject({ lent: 1, retrying: 0 });
  });

  it('decides what happens to an item that failed', () => {
    const world = new AService({ settings: { consumers: 1, concurrency: 10 } }).runReady();
    world.producer.yields([1, 2, 3, 4]);
    world.tick();
    const failed = [
      { seq: 1, verdict: 'retry', afterMs: null },
      { seq: 2, verdict: 'later', afterMs: 7000 },
      { seq: 3, verdict: 'dead', afterMs: null },
      { seq: 4, verdict: 'later', afterMs: null },
    ] as const;
    world.consumer().fails(...failed);
    world.tick();
    expect(world.emitted('item.retry').map(({ seq, attempt, inMs }) => [seq, attempt, inMs])).toEqual([
      [1, 1, 500],
      [2, 1, 7000],
      [4, 1, 5000],
    ]);
    expect(world.emitted('item.dead')).toEqual([{ seq: 3, attempts: 1, reason: 'it failed', error }]);
  });

  it('shows the errors of waiting items, how many share each, and when the next one runs again', () => {
    const world = new AService({ settings: { consumers: 1, concurrency: 10 } }).runReady();
    world.producer.yields([1, 2, 3], { count: 3 });
    world.tick();
    expect(world.service.status).toMatchObject({ waitingErrors: [], queue: { nextRetryInMs: null } });
    world.consumer().fails({ seq: 1, verdict: 'later', afterMs: 7000 }, { seq: 2, verdict: 'later', afterMs: 9000 });
    world.consumer().settles(3);
    world.tick();
    expect(world.service.status).toMatchObject({
      queue: { retrying: 2, nextRetryInMs: 7000 },
      waitingErrors: [{ items: 2, code: 'E', message: 'it failed', at: null, nextInMs: 7000 }],
    });
    expect(world.service.status.reasons).toContain('all 2 open items wait for a retry, the next in 7s: E: it failed');
    world.pass(7000);
    expect(world.service.status.waitingErrors).toMatchObject([{ items: 1, nextInMs: 2000 }]);
    world.pass(2000);
    expect(world.service.status.waitingErrors).toEqual([]);
  });

  it('shows what the source waits for', () => {
    const world = new AService().runReady();
    const waiting = 'http://vendor answered 503';
    world.producer.says({ type: 'beat', rss: 1, utilisation: 0, lent: 0, started: 0, oldestMs: 0, waiting });
    expect(world.service.status.reasons).toEqual([`the source waits: ${waiting}`]);
  });

  it('uses attempts up to the last, and none if the item asked for more time', () => {
    const world = new AService({ settings: { consumers: 1, attempts: 2 } }).runReady();
    world.producer.yields(['item']);
    world.tick();
    const fail = (verdict: 'retry' | 'later'): void => {
      world.consumer().fails({ seq: 1, verdict, afterMs: 1 });
      world.tick();
      world.pass(60_000);
    };
    fail('retry');
    for (let i = 0; i < 5; i++) fail('later');
    expect(world.consumer().deliveries.map(({ attempt }) => attempt)).toEqual([1, 2, 2, 2, 2, 2, 2]);
    fail('retry');
    expect(world.emitted('item.dead')).toMatchObject([
      { seq: 1, attempts: 2, reason: 'failed 2 times, the last time: it failed' },
    ]);
    expect(world.consumer().deliveries).toHaveLength(7);
  });
});

describe('a producer that dies', () => {
  it('right after its last frame is replaced by a producer that resumes after it', () => {
    const world = new AService().runReady();
    world.producer.yields([1, 2], { count: 2, digest: 'two' });
    world.producer.dies();
    world.tick();
    expect(world.queue.run).toMatchObject({ stored: 2, position: { count: 2, digest: 'two' } });
    world.pass(250);
    const [, second] = world.producers;
    expect(second!.typesSent()).toEqual(['describe']);
    second!.says(described());
    world.tick();
    expect(second!.last('configure')).toMatchObject({ position: { cursor: null, count: 2, digest: 'two' } });
  });

  it('right after the end of its source is not replaced: the run is sealed', async () => {
    const world = new AService({ settings: { consumers: 1 } }).runReady();
    world.producer.yields([1], { count: 1 });
    world.producer.ends({ count: 1 });
    world.producer.dies();
    world.tick();
    world.pass(60_000);
    expect(world.producers).toHaveLength(1);
    expect(world.emitted('run.sealed')).toEqual([{ run: 'run-1', items: 1 }]);
    world.consumer().settles(1);
    world.tick();
    world.consumer().says({ type: 'ended' });
    world.tick();
    world.consumer().goes({ code: 0 });
    world.tick();
    await world.settle();
    expect(world.outcome).toEqual({ exitCode: 0, spoolFailed: false, error: undefined });
  });

  it('has a successor that learns at once that the queue is full', () => {
    const world = new AService({ marks: { highItems: 2, lowItems: 0 } }).runReady();
    world.producer.yields([1, 2, 3], { count: 3 });
    world.tick();
    expect(world.producer.last('throttle')).toEqual({ type: 'throttle', on: true });
    world.producer.dies();
    world.pass(250);
    world.producer.says(described());
    world.tick();
    expect(world.producer.last('configure')).toMatchObject({ throttled: true });
  });

  it('learns at once that the queue is full, even under a supervisor that has just started', () => {
    const run = aRun({ nextSeq: 3, stored: 2, position: { cursor: null, count: 2, digest: null } });
    const world = new AService({
      run,
      marks: { highItems: 2, lowItems: 0 },
      store: (store) =>
        store.commit({
          run,
          ...emptyGroup(),
          frames: [{ first: 1, frame: frameOf([1, 2]) }],
        }),
    });
    world.run();
    expect(world.producer.last('configure')).toMatchObject({ throttled: true });
  });

  it('gets no successor that would count items of another pipeline, until the file is put back', async () => {
    const world = new AService().runReady();
    world.producer.yields([1], { count: 1 });
    world.tick();
    world.producer.dies();
    world.pass(250);
    world.producer.says(described('version 2'));
    world.tick();
    expect(world.producer.typesSent('configure')).toEqual([]);
    expect(world.producer.killedFor).toContain('the file has changed');
    world.producer.dies();
    world.pass(1000);
    expect(world.emitted('child.heldBack')).toMatchObject([{ who: { role: 'producer' } }]);
    expect(world.service.status.state).toBe('running');
    world.producer.says(described());
    await world.settle();
    world.producer.says(described());
    world.tick();
    expect(world.producer.typesSent('configure')).toEqual(['configure']);
  });

  it('may get a successor of another version that resumes from a cursor; the run has that version from then on', () => {
    const world = new AService().runReady();
    world.producer.yields([1], { cursor: '1', count: 0 });
    world.tick();
    world.producer.dies();
    world.pass(250);
    world.producer.says(described('version 2'));
    world.tick();
    expect(world.producer.typesSent('configure')).toEqual(['configure']);
    expect(world.emitted('warning')).toMatchObject([{ code: 'PIPELINE_CHANGED' }]);
    expect(world.store.run()).toMatchObject({ fingerprint: 'version 2' });
  });

  it('is replaced as soon as a broken file is good again', async () => {
    const world = new AService().runReady();
    world.producer.dies();
    world.pass(250);
    world.producer.says({
      type: 'described',
      pipeline: null,
      problems: [{ file: 'a.ts', message: 'unexpected token' }],
    });
    expect(world.producer.killedFor).toBe('unexpected token');
    world.producer.dies();
    world.pass(1000);
    world.producer.says(described());
    await world.settle();
    world.producer.says(described());
    world.tick();
    expect(world.producer.typesSent('configure')).toEqual(['configure']);
  });

  it('is killed when it does not describe the file in time', () => {
    const world = new AService().runReady();
    world.producer.dies();
    world.pass(250);
    world.pass(30_000);
    expect(world.producer.killedFor).toBe('not ready within 30s');
  });
});

describe('a producer whose source reports a cursor for everything it sent', () => {
  it('resumes from that cursor once it is stored, even if no item has followed', () => {
    const world = new AService().runReady();
    world.producer.yields([1], { count: 1 });
    world.tick();
    world.since();
    world.producer.says({ type: 'covered', position: { cursor: '"c"', count: 0, digest: null } });
    expect(world.store.run()).toMatchObject({ position: { cursor: null, count: 1 } });
    world.tick();
    expect(world.since()).toEqual(['commit', 'producer ← stored']);
    world.producer.dies();
    world.pass(250);
    world.producer.says(described());
    world.tick();
    expect(world.producer.last('configure')).toMatchObject({ position: { cursor: '"c"', count: 0 } });
  });
});

describe('the channel of a producer that breaks the protocol', () => {
  it.each([
    ['sends items for a run that is sealed', 'frame', 'reading for a sealed run'],
    ['ends twice', 'end', 'reading for a sealed run'],
  ] as const)('is closed when it %s', (_, type, state) => {
    const world = new AService().runReady();
    world.producer.ends();
    expect(() => (type === 'end' ? world.producer.ends() : world.producer.yields([1]))).toThrow(
      `the producer sent "${type}" while it was ${state}`,
    );
  });

  it('is closed when it sends items before it was configured', () => {
    const world = new AService().runReady();
    world.producer.dies();
    world.pass(250);
    expect(() => world.producer.yields([1])).toThrow('the producer sent "frame" while it was to be described');
    expect(world.queue.isEmpty).toBe(true);
  });

  it('is closed when it sends an invalid frame, and nothing of the frame is stored', () => {
    const world = new AService().runReady();
    const frame = {
      type: 'frame',
      position: { cursor: null, count: 1, digest: 'd' },
      count: 3,
      shapes: 2,
      base: 0,
    } as const;
    expect(() => world.producer.says(frame, [Buffer.from('[]')])).toThrow('the producer sent an invalid frame');
    expect(world.queue.isEmpty).toBe(true);
  });
});

describe('too many dead letters', () => {
  it('pause the pipeline: nothing more is lent, and nothing runs again', () => {
    const world = new AService({ settings: { consumers: 1, concurrency: 1, deadMax: 1 } }).runReady();
    world.producer.yields([1, 2]);
    world.tick();
    world.consumer().fails({ seq: 1, verdict: 'dead', afterMs: null });
    world.tick();
    world.pass(10_000);
    expect(world.consumer().lent).toEqual([1]);
    expect(world.emitted('run.paused')).toEqual([{ reason: expect.stringContaining('deadMax') }]);
    expect(world.service.status).toMatchObject({
      state: 'paused',
      pausedBy: expect.stringContaining('deadMax'),
      reasons: [expect.stringMatching(/^paused: the number of dead letters/)],
    });
    expect(world.clock.waiting).toBe(2); // The timers that watch for hangs and check the disk.
  });
});

describe('an operator', () => {
  it('gives dead letters back and gets the answer once that is durable; a paused pipeline resumes by itself', async () => {
    const world = new AService({ settings: { consumers: 1, concurrency: 1, deadMax: 1 } }).runReady();
    world.producer.yields([1, 2]);
    world.tick();
    world.consumer().fails({ seq: 1, verdict: 'dead', afterMs: null });
    world.tick();
    expect(world.service.status.state).toBe('paused');
    let isTold = false;
    const change = world.service.change((queue, moment) => queue.letters.giveBack([1, 9], moment));
    void change.then(() => (isTold = true));
    await microtasks();
    expect(isTold).toBe(false);
    world.tick();
    expect(await change).toEqual([9]);
    expect(world.emitted('run.unpaused')).toEqual([{}]);
    expect(world.service.status).toMatchObject({ state: 'running', pausedBy: null, items: { dead: 0 } });
    expect(world.consumer().lent).toEqual([1, 3, 2]);
  });

  it('is answered at once when nothing changes, and when the request is impossible', async () => {
    const world = new AService({ settings: { consumers: 1 } }).runReady();
    expect(await world.service.change((queue) => queue.letters.purge([5]))).toEqual([5]);
    const wrong = world.service.change(() => {
      throw new Error('not like that');
    });
    await expect(wrong).rejects.toThrow('not like that');
  });

  it('learns that the disk is full; the request is carried out once there is space', async () => {
    const world = new AService({ settings: { consumers: 1, concurrency: 1 } }).runReady();
    world.producer.yields([1]);
    world.tick();
    world.consumer().fails({ seq: 1, verdict: 'dead', afterMs: null });
    world.tick();
    const change = world.service.change((queue, moment) => queue.letters.giveBack([1], moment));
    world.store.refuses = new StoreFull('no space left');
    world.tick();
    await expect(change).rejects.toMatchObject({
      code: 'DISK_FULL',
      message: expect.stringContaining('no space left'),
    });
    world.store.refuses = undefined;
    world.pass(1000);
    expect(world.consumer().lent).toEqual([1, 2]);
  });

  it('is refused when the service ends before the change is durable, and after that end', async () => {
    const world = new AService({ settings: { consumers: 1, concurrency: 1 } }).runReady();
    world.producer.yields([1]);
    world.tick();
    world.consumer().fails({ seq: 1, verdict: 'dead', afterMs: null });
    world.tick();
    const change = world.service.change((queue, moment) => queue.letters.giveBack([1], moment));
    world.store.refuses = new Error('the disk is gone');
    world.tick();
    await expect(change).rejects.toMatchObject({ code: 'OVER', exitCode: 69 });
    await expect(world.service.change(() => 1)).rejects.toMatchObject({ code: 'OVER', exitCode: 69 });
  });
});

describe('the throttle', () => {
  it('is raised at the high-water mark and lowered at the low-water mark, and each change is sent once', () => {
    const world = new AService({
      settings: { consumers: 1, concurrency: 10 },
      marks: { highItems: 4, lowItems: 2 },
    }).runReady();
    world.producer.yields([1, 2, 3]);
    world.tick();
    world.producer.yields([4]);
    world.tick();
    world.consumer().settles(1);
    world.tick();
    expect(world.producer.sent.filter(({ type }) => type === 'throttle')).toEqual([{ type: 'throttle', on: true }]);
    world.consumer().settles(2);
    world.tick();
    expect(world.producer.sent.filter(({ type }) => type === 'throttle')).toEqual([
      { type: 'throttle', on: true },
      { type: 'throttle', on: false },
    ]);
    expect(world.emitted('throttle.raised')).toEqual([{ items: 4, bytes: expect.any(Number) }]);
    expect(world.emitted('throttle.lowered')).toHaveLength(1);
  });

  it('counts items that wait for a retry', () => {
    const world = new AService({ settings: { consumers: 1 }, marks: { highItems: 3, lowItems: 1 } }).runReady();
    world.producer.yields([1, 2]);
    world.tick();
    const failed = [1, 2].map((seq) => ({ seq, verdict: 'later', afterMs: 60_000 }) as const);
    world.consumer().fails(...failed);
    world.producer.yields([3]);
    world.tick();
    expect(world.producer.last('throttle')).toEqual({ type: 'throttle', on: true });
  });
});

describe('the ledger', () => {
  it('is swept by one consumer from time to time, after the commit, below the settled seqs', () => {
    const world = new AService({ settings: { consumers: 1 } }).runReady();
    world.producer.yields([1]);
    world.tick();
    world.pass(5000);
    world.producer.yields([2]);
    world.tick();
    expect(world.consumer().typesSent('prune')).toEqual([]);
    world.since();
    world.consumer().settles(1);
    world.tick();
    expect(world.since()).toEqual(['commit', 'consumer 1 ← settled', 'consumer 1 ← prune']);
    expect(world.consumer().last('prune')).toEqual({ type: 'prune', before: 2, open: [], drop: ['run-0'] });
    world.pass(5000);
    world.consumer().settles(2);
    world.tick();
    // The consumer that was asked the first time may have died before it was done.
    expect(world.consumer().last('prune')).toEqual({ type: 'prune', before: 3, open: [], drop: ['run-0'] });
  });

  it('is not swept while the disk is full, and swept when there is space', () => {
    const world = new AService({ settings: { consumers: 1 } }).runReady();
    world.producer.yields([1, 2]);
    world.tick();
    world.pass(5000);
    world.store.refusesSync = new StoreFull('no room');
    world.consumer().settles(1);
    world.tick();
    expect(world.consumer().typesSent('prune')).toEqual([]);
    world.store.refusesSync = undefined;
    world.consumer().settles(2);
    world.tick();
    expect(world.consumer().last('prune')).toMatchObject({ before: 3 });
  });

  it('is not swept if the sink has no ledger', () => {
    const world = new AService({ settings: { consumers: 1 }, isTransactional: false }).runReady();
    world.producer.yields([1]);
    world.tick();
    world.pass(5000);
    world.consumer().settles(1);
    world.tick();
    expect(world.consumer().typesSent('prune')).toEqual([]);
  });
});

describe('another queue with results of the same pipeline in the sink', () => {
  const elsewhere = { queue: 'queue-2', directory: '/root/.millrace/tested' };
  const inThisDirectory = { queue: 'queue-3', directory: '/state/queue-1' };

  it('is reported once, however many consumers find it', () => {
    const world = new AService({ settings: { consumers: 2 } }).runReady();
    for (const ordinal of [1, 2]) world.consumer(ordinal).says({ type: 'otherQueues', others: [elsewhere] });
    world.consumer(2).says({ type: 'otherQueues', others: [elsewhere, inThisDirectory] });
    expect(world.events.filter(({ name }) => name === 'sink.otherQueue').map(({ event }) => event)).toEqual([
      { ...elsewhere, thisQueue: 'queue-1', thisDirectory: '/state/queue-1', isHere: false },
      { ...inThisDirectory, thisQueue: 'queue-1', thisDirectory: '/state/queue-1', isHere: true },
    ]);
  });
});

describe('the standard output of consumers', () => {
  it('is confirmed to the consumer that wrote it', () => {
    const world = new AService().runReady();
    world.consumer(2).says({ type: 'write' }, [Buffer.from('line\n')]);
    expect(world.consumer(2).last('written')).toEqual({ type: 'written' });
    expect(world.consumer(1).typesSent('written')).toEqual([]);
  });
});
