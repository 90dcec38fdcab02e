import { describe, expect, it } from '@jest/globals';
import { ioError } from '../../../../src/queue/spool/failure.ts';
import { StoreFull } from '../../../../src/queue/store.ts';
import { AService, described } from '../../../support/a-service.ts';

const position = { cursor: null, count: 3, digest: 'd' };

describe('a tick', () => {
  it('sends no message before the commit that it rests on', () => {
    const world = new AService({ settings: { consumers: 1 } }).runReady();
    world.since();
    world.producer.yields([1, 2, 3], position);
    expect(world.since()).toEqual([]);
    world.tick();
    expect(world.since()).toEqual(['commit', 'consumer 1 ← deliver', 'producer ← stored']);

    world.consumer().settles(1, 2, 3);
    expect(world.since()).toEqual([]);
    world.tick();
    expect(world.since()).toEqual(['commit', 'consumer 1 ← settled']);

    world.producer.ends(position);
    world.producer.says({ type: 'ended' });
    expect(world.since()).toEqual([]);
    world.tick();
    expect(world.since()).toEqual(['commit', 'consumer 1 ← prune', 'consumer 1 ← end', 'producer ← bye']);
  });

  it('commits everything that arrived in one turn of the event loop together', () => {
    const world = new AService().runReady();
    world.since();
    world.producer.yields([1, 2]);
    world.producer.yields([3, 4]);
    world.producer.yields([5, 6]);
    world.tick();
    expect(world.since().filter((what) => what === 'commit')).toHaveLength(1);
    expect(world.producer.last('stored')).toEqual({ type: 'stored', frames: 3 });
  });

  it('does not write when there is nothing to write, and still answers', () => {
    const world = new AService().runReady();
    world.since();
    world.consumer().settles(77);
    world.tick();
    expect(world.since()).toEqual(['consumer 1 ← settled']);
    expect(world.emitted('settle.refused')).toEqual([{ who: world.consumer().who, items: 1 }]);
  });

  it('comes when a retry is due, and does not repeat while no slot is free for it', () => {
    const world = new AService({ settings: { consumers: 1, concurrency: 1 } }).runReady();
    world.producer.yields([1, 2]);
    world.tick();
    world.pass(1000);
    world.consumer().fails({ seq: 1, verdict: 'later', afterMs: 5000 });
    world.tick();
    world.pass(5000);
    expect(world.consumer().lent).toEqual([1, 2]);
    expect(world.clock.waiting).toBe(2); // The timers that watch for hangs and check the disk.
    world.consumer().settles(2);
    world.tick();
    expect(world.consumer().lent).toEqual([1, 2, 1]);
  });

  it('configures a child only after its writer id is in the spool', () => {
    const world = new AService({ settings: { consumers: 1 } });
    world.run();
    const order = world.since();
    expect(order).toEqual([
      'consumer 1 ← describe',
      'writer 1 registered',
      'writer 2 registered',
      'consumer 1 ← configure',
      'producer ← configure',
    ]);
    expect(world.consumer().last('configure')).toMatchObject({ writer: 2, ordinal: 1, run: 'run-1' });
  });

  it('ends the service when its own books are wrong, not the child whose message showed it', () => {
    const world = new AService({ settings: { consumers: 1 } }).runReady();
    world.producer.yields([1]);
    world.tick();
    const broken = new Error('item 1 is not in the store');
    world.store.readFrameOf = () => {
      throw broken;
    };
    const failure = { seq: 1, verdict: 'retry', afterMs: null } as const;
    world.consumer().fails(failure);
    expect(world.consumer().killedFor).toBe('the spool has failed');
    world.since();
    world.tick();
    expect(world.since()).toEqual([]);
  });

  it('blames a child that breaks the protocol: the error goes to its channel', () => {
    const world = new AService({ settings: { consumers: 1 } }).runReady();
    expect(() => world.consumer().says({ type: 'ready' })).toThrow('the consumer sent "ready" while it was ready');
    expect(() => world.producer.says({ type: 'described', pipeline: null, problems: [] })).toThrow(
      'the producer sent "described" while it was configured',
    );
  });
});

describe('a spool on a full disk', () => {
  it('keeps all messages, pauses the producer, and sends everything when there is space again', () => {
    const world = new AService({ settings: { consumers: 1 } }).runReady();
    world.isFull();
    world.reserve.canTake = false;
    world.producer.yields([1, 2], position);
    world.tick();
    expect(world.producer.typesSent('stored')).toEqual([]);
    expect(world.consumer().deliveries).toEqual([]);
    expect(world.producer.last('throttle')).toEqual({ type: 'throttle', on: true });
    expect(world.emitted('spool.full')).toEqual([{ reason: 'no space left' }]);

    world.pass(5000);
    expect(world.producer.typesSent('stored')).toEqual([]);
    expect(world.emitted('spool.full')).toHaveLength(1);

    world.hasSpaceAgain();
    world.reserve.canTake = true;
    world.pass(500);
    expect(world.producer.last('stored')).toEqual({ type: 'stored', frames: 1 });
    expect(world.consumer().deliveries).toHaveLength(1);
    expect(world.producer.last('throttle')).toEqual({ type: 'throttle', on: false });
    expect(world.emitted('spool.ok')).toHaveLength(1);
  });

  it('still takes settlements, in the reserved space, while new items wait', () => {
    const world = new AService({ settings: { consumers: 1 } }).runReady();
    world.producer.yields([1, 2]);
    world.tick();
    world.isFull();
    world.producer.yields([3], position);
    world.tick();
    world.hasSpaceAgain();
    world.reserve.canTake = false;
    world.consumer().settles(1, 2);
    world.tick();
    expect(world.consumer().last('settled')).toEqual({ type: 'settled' });
    expect(world.producer.typesSent('stored')).toEqual(['stored']);
    expect(world.consumer().lent).toEqual([1, 2]);
    world.reserve.canTake = true;
    world.pass(500);
    expect(world.producer.typesSent('stored')).toEqual(['stored', 'stored']);
    expect(world.consumer().lent).toEqual([1, 2, 3]);
  });

  it('takes settlements in the reserved space before reserving it again', () => {
    const world = new AService({ settings: { consumers: 1 } }).runReady();
    world.producer.yields([1, 2]);
    world.tick();
    const commit = world.store.commit.bind(world.store);
    world.store.commit = (group) => {
      if (world.reserve.isHeld || group.frames.length > 0) throw new StoreFull('no space left');
      commit(group);
    };
    world.producer.yields([3], position);
    world.consumer().settles(1, 2);
    world.pass(2000);
    expect(world.consumer().last('settled')).toEqual({ type: 'settled' });
    expect(world.producer.typesSent('stored')).toEqual(['stored']);
  });

  it('takes settlements even if there is no space for the list of writers', () => {
    const world = new AService().runReady();
    world.producer.yields([1, 2]);
    world.tick();
    world.isFull();
    world.reserve.canTake = false;
    world.consumer(2).dies();
    world.consumer(1).settles(1);
    world.tick();
    expect(world.consumer(1).typesSent('settled')).toEqual([]);
    world.store.refuses = undefined;
    world.pass(500);
    expect(world.consumer(1).typesSent('settled')).toEqual(['settled']);
    expect(world.writers.all.get(3)).not.toHaveProperty('ended');
  });

  it('is no reason to kill a child that waits for its writer id, however long that takes', () => {
    const world = new AService({ settings: { consumers: 1 } });
    world.writers.refuses = new StoreFull('no space left');
    world.run();
    world.pass(120_000);
    expect(world.consumer().typesSent('configure')).toEqual([]);
    expect([world.consumer().killedFor, world.producer.killedFor]).toEqual([undefined, undefined]);
    world.hasSpaceAgain();
    world.pass(500);
    expect(world.consumer().typesSent('configure')).toEqual(['configure']);
    world.pass(30_000);
    expect(world.consumer().killedFor).toBe('not ready within 30s');
  });

  it('records the end of a child that exited in the meantime once there is space', () => {
    const world = new AService({ settings: { consumers: 1 } }).runReady();
    world.isFull();
    world.reserve.canTake = false;
    world.consumer().dies();
    world.pass(1000);
    expect(world.writers.all.get(2)).not.toHaveProperty('ended');
    expect(world.consumers).toHaveLength(2);
    expect(world.consumer().typesSent('configure')).toEqual([]);
    world.hasSpaceAgain();
    world.reserve.canTake = true;
    world.pass(500);
    expect(world.writers.all.get(2)).toMatchObject({ ended: 'unclean' });
    expect(world.consumer().typesSent('configure')).toEqual(['configure']);
  });

  it('does not make a stop wait for the producer when all results are recorded: its items are read again', async () => {
    const world = new AService({ settings: { consumers: 1 } }).runReady();
    world.store.commit = (group) => {
      if (group.frames.length > 0) throw new StoreFull('no space left');
    };
    world.producer.yields([1], position);
    world.tick();
    world.service.stop('SIGTERM');
    world.consumer().says({ type: 'ended' });
    world.tick();
    expect(world.producer.killedFor).toBeUndefined();
    world.consumer().goes({ code: 0 });
    world.pass(500);
    expect(world.producer.killedFor).toBe('there is no disk space for what it has sent');
    world.producer.dies();
    await world.settle();
    expect(world.outcome).toMatchObject({ exitCode: 74, error: { message: 'no space left' } });
  });

  it('does not keep a service from stopping: results that could not be recorded were not acknowledged', async () => {
    const world = new AService({ settings: { consumers: 1 } }).runReady();
    world.isFull();
    world.reserve.canTake = false;
    world.producer.yields([1], position);
    world.tick();
    world.service.stop('SIGTERM');
    world.pass(25_000);
    world.producer.dies();
    world.consumer().dies();
    world.tick();
    await world.settle();
    expect(world.outcome).toMatchObject({ exitCode: 74, spoolFailed: true, error: { message: 'no space left' } });
  });
});

describe('a message that waits for a commit when its process dies', () => {
  it('is not sent to the successor', () => {
    const world = new AService({
      settings: { consumers: 1 },
      limits: { vendor: { rate: { count: 100, perMs: 1000 } } },
    }).runReady();
    world.producer.yields([1]);
    world.tick();
    world.store.refuses = new StoreFull('no space left');
    world.reserve.canTake = false;
    world.producer.yields([2]);
    world.producer.says({ type: 'acquire', id: 1, limit: 'vendor' });
    world.consumer().settles(1);
    world.consumer().says({ type: 'ended' });
    world.tick();
    const dead = [world.producer, world.consumer()];
    for (const child of dead) child.dies();
    world.pass(250);
    world.producer.says(described());
    expect([world.producer, world.consumer()]).not.toEqual(dead);

    world.hasSpaceAgain();
    world.reserve.canTake = true;
    world.pass(500);
    expect(world.queue.run.stored).toBe(2);
    expect(world.producer.typesSent('stored', 'granted', 'configure')).toEqual(['configure']);
    expect(world.consumer().typesSent('settled', 'bye', 'configure')).toEqual(['configure']);
  });
});

describe('the reserved space', () => {
  it('is taken a second after the start', () => {
    const world = new AService();
    world.reserve.isHeld = false;
    world.runReady();
    world.pass(999);
    expect(world.reserve.isHeld).toBe(false);
    world.pass(1);
    expect(world.reserve.isHeld).toBe(true);
  });
});

describe('a child that waits for a spool on a full disk', () => {
  it('gets its writer id once there is space, and a child that has exited by then does not', () => {
    const world = new AService({ settings: { consumers: 1 } });
    world.writers.refuses = new StoreFull('no space left');
    world.run();
    world.consumer().dies();
    world.pass(250);
    world.hasSpaceAgain();
    world.pass(500);
    expect([...world.writers.all.values()].map(({ role }) => role)).toEqual(['producer', 'consumer']);
    expect(world.consumer().typesSent()).toEqual(['describe', 'configure']);
  });

  it('may not report that it is ready', () => {
    const world = new AService({ settings: { consumers: 1 } });
    world.writers.refuses = new StoreFull('no space left');
    world.run();
    expect(() => world.consumer().says({ type: 'ready' })).toThrow(
      'the consumer sent "ready" while it was not configured',
    );
  });

  it('and has described the pipeline is not killed because it waits', () => {
    const world = new AService().runReady();
    world.producer.dies();
    world.pass(250);
    world.writers.refuses = new StoreFull('no space left');
    world.producer.says(described());
    world.pass(120_000);
    expect(world.producer.killedFor).toBeUndefined();
  });
});

describe('a spool that fails for good', () => {
  it('ends the service at once: all children are killed and nothing more is written or sent', async () => {
    const world = new AService().runReady();
    world.producer.yields([1, 2, 3], position);
    world.store.refuses = new Error('disk I/O error');
    world.since();
    world.tick();
    expect(world.since()).toEqual(['producer killed', 'consumer 1 killed', 'consumer 2 killed']);
    world.store.refuses = undefined;
    for (const child of [world.producer, ...world.consumers]) child.dies();
    world.pass(60_000);
    expect(world.since()).toEqual(['producer gone', 'consumer 1 gone', 'consumer 2 gone']);
    await world.settle();
    expect(world.outcome).toMatchObject({ spoolFailed: true, exitCode: 1 });
    expect(world.outcome?.error?.message).toContain('disk I/O error');
    expect(world.clock.waiting).toBe(0);
  });

  it.each<[string, (world: AService) => void]>([
    [
      'an item cannot be read back',
      (world) => {
        world.store.readFrameOf = () => {
          throw ioError('unreadable', undefined);
        };
        world.consumer(2).settles(...world.consumer(2).lent);
        world.consumer(1).dies();
        world.tick();
      },
    ],
    [
      'the item that killed a consumer cannot be read back',
      (world) => {
        world.producer.yields([4, 5, 6], position);
        world.tick();
        world.consumer(1).goes({ signal: 'SIGSEGV' });
        world.tick();
        const aside = world.consumer(2);
        aside.settles(...aside.lent);
        world.tick();
        const { seq } = aside.deliveries.find(({ mode }) => mode === 'alone')!;
        aside.says({ type: 'start', items: [seq, seq] });
        world.store.readFrameOf = () => {
          throw ioError('unreadable', undefined);
        };
        aside.goes({ signal: 'SIGSEGV' });
      },
    ],
    [
      'the reserved space cannot be taken',
      (world) => {
        world.reserve.take = () => {
          throw ioError('unreadable', undefined);
        };
        world.pass(1000);
      },
    ],
  ])('ends the service, and is not reported as a bug, when %s', async (_, fails) => {
    const world = new AService().runReady();
    world.producer.yields([1, 2, 3], position);
    world.tick();
    fails(world);
    await world.settle();
    expect(world.outcome).toMatchObject({ exitCode: 74, spoolFailed: true, error: { message: 'unreadable' } });
  });

  it('is noticed when its file has been replaced', async () => {
    const world = new AService().runReady();
    world.storeProblem = new Error('the queue’s file was removed');
    world.pass(1000);
    world.consumer().settles(1);
    world.tick();
    await world.settle();
    expect(world.outcome).toMatchObject({ spoolFailed: true });
  });
});

describe('permits', () => {
  it('are granted to the process that asked, after the commit, and come back when it has gone', () => {
    const world = new AService({
      limits: { vendor: { concurrency: 1, rate: { count: 100, perMs: 1000 } } },
    }).runReady();
    world.since();
    world.consumer(1).says({ type: 'acquire', id: 7, limit: 'vendor' });
    world.consumer(2).says({ type: 'acquire', id: 7, limit: 'vendor' });
    world.producer.says({ type: 'acquire', id: 9, limit: 'vendor' });
    world.tick();
    expect(world.since()).toEqual(['commit', 'consumer 1 ← granted']);
    world.consumer(1).dies();
    world.tick();
    expect(world.consumer(2).last('granted')).toEqual({ type: 'granted', id: 7 });
    world.consumer(2).says({ type: 'release', id: 7 });
    world.tick();
    expect(world.producer.last('granted')).toEqual({ type: 'granted', id: 9 });
  });

  it('are not sent while the disk is full, and are sent when there is space again', () => {
    const world = new AService({ limits: { vendor: { rate: { count: 100, perMs: 1000 } } } }).runReady();
    world.isFull();
    world.reserve.canTake = false;
    world.consumer().says({ type: 'acquire', id: 1, limit: 'vendor' });
    world.tick();
    expect(world.consumer().typesSent('granted')).toEqual([]);
    world.hasSpaceAgain();
    world.pass(500);
    expect(world.consumer().typesSent('granted')).toEqual(['granted']);
  });

  it('are not sent to a process that released them while the disk was full', () => {
    const world = new AService({ limits: { vendor: { rate: { count: 100, perMs: 1000 } } } }).runReady();
    world.isFull();
    world.reserve.canTake = false;
    world.consumer().says({ type: 'acquire', id: 1, limit: 'vendor' });
    world.consumer().says({ type: 'acquire', id: 2, limit: 'vendor' });
    world.tick();
    world.consumer().says({ type: 'release', id: 1 });
    world.hasSpaceAgain();
    world.pass(500);
    expect(world.consumer().typesSent('granted')).toEqual(['granted']);
    expect(world.consumer().last('granted')).toEqual({ type: 'granted', id: 2 });
  });

  it('that calls wait for are shown as a reason, but not the turns that consumers take at a sink', () => {
    const world = new AService({ limits: { vendor: { concurrency: 1 } } }).runReady();
    for (const [id, limit] of ['vendor', 'vendor', 'sink:file', 'sink:file'].entries()) {
      world.consumer().says({ type: 'acquire', id, limit });
    }
    world.tick();
    const { limits, turns, reasons } = world.service.status;
    expect(limits.map(({ name, waiting }) => [name, waiting])).toEqual([['vendor', 1]]);
    expect(turns).toEqual([{ sink: 'file', held: 1, waiting: 1, granted: 1 }]);
    expect(reasons.filter((reason) => reason.includes('limit'))).toEqual(['1 call waits for limit "vendor"']);
  });

  it('of an unknown limit are refused with the names of the limits that exist', () => {
    const world = new AService({ limits: { vendor: { concurrency: 1 } } }).runReady();
    world.consumer().says({ type: 'acquire', id: 1, limit: 'vender' });
    expect(world.consumer().last('refused')).toMatchObject({
      id: 1,
      message: expect.stringContaining('it defines vendor'),
    });
  });

  it('are refused to a child that is not configured', () => {
    const world = new AService({ limits: { vendor: { concurrency: 1 } } });
    world.writers.refuses = new StoreFull('no space left');
    world.run();
    expect(() => world.consumer().says({ type: 'acquire', id: 1, limit: 'vendor' })).toThrow('not configured');
  });
});

describe('the status', () => {
  it('never shows a consumer running more items than it is lent, whatever its last beat said', () => {
    const world = new AService({ settings: { consumers: 1 } }).runReady();
    world.producer.yields([1, 2, 3]);
    world.tick();
    const beat = { type: 'beat', rss: 1, utilisation: 0, lent: 3, started: 3, oldestMs: 700, waiting: null } as const;
    world.consumer().says(beat);
    expect(world.service.status.processes[1]).toMatchObject({ lent: 3, started: 3, oldestMs: 700 });
    world.consumer().settles(1, 2);
    world.tick();
    expect(world.service.status.processes[1]).toMatchObject({ lent: 1, started: 1, oldestMs: 700 });
    world.consumer().settles(3);
    world.tick();
    expect(world.service.status.processes[1]).toMatchObject({ lent: 0, started: 0, oldestMs: 0 });
  });
});
