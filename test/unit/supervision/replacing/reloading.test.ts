import { describe, expect, it } from '@jest/globals';
import type { Described } from '../../../../src/ipc/messages.ts';
import { AService, described, type AServiceOptions } from '../../../support/a-service.ts';
import type { FakeConsumer } from '../../../support/fake-child.ts';

const changed = described('version 2');

function aWorld(options: AServiceOptions = {}): AService {
  return new AService({ ...options, settings: { consumers: 2, ...options.settings } }).runReady();
}

/** Requests a reload; the process that checks the file sends `answer`. */
async function reload(world: AService, answer: Described = described()): Promise<void> {
  expect(world.service.reload()).toMatchObject({ status: 'begun' });
  const describer = world.producers.at(-1)!;
  expect(describer.typesSent()).toEqual(['describe']);
  describer.says(answer);
  await world.settle();
  expect(describer.killedFor).toBe('it has reported what is in the file');
}

/** The successor becomes ready, and its predecessor exits. */
function takeOver(world: AService, ordinal: number): void {
  const predecessor = world.consumers.filter(({ who, exit }) => who.ordinal === ordinal && !exit).at(-2)!;
  world.consumer(ordinal).says({ type: 'ready' });
  world.tick();
  expect(predecessor.typesSent('stop')).toEqual(['stop']);
  leave(world, predecessor);
}

function leave(world: AService, consumer: FakeConsumer): void {
  consumer.says({ type: 'ended' });
  world.tick();
  consumer.goes({ code: 0 });
  world.tick();
}

const refused = (world: AService): string => world.emitted('reload.refused').at(-1)!.reason;

describe('a reload', () => {
  it('replaces the consumers one by one, each by a process that is ready, and keeps the producer', async () => {
    const world = aWorld();
    const [first, second] = world.consumers as [FakeConsumer, FakeConsumer];
    const [producer] = world.producers;
    await reload(world);
    expect(world.service.status.reload).toEqual({ number: 1, state: 'replacing', replaced: 0, of: 2, reason: null });
    expect(world.consumers).toHaveLength(3);
    expect([first.typesSent('stop'), second.typesSent('stop')]).toEqual([[], []]);
    takeOver(world, 1);
    expect(world.consumers).toHaveLength(4);
    expect(second.typesSent('stop')).toEqual([]);
    takeOver(world, 2);
    expect(world.emitted('reload.done')).toEqual([{ number: 1, consumers: 2 }]);
    expect(world.service.status.reload).toMatchObject({ state: 'done', replaced: 2 });
    expect([producer!.killedFor, producer!.typesSent('stop')]).toEqual([undefined, []]);
    expect(world.consumers).toHaveLength(4);
  });

  it('refuses a second reload while it runs, and accepts one afterwards', async () => {
    const world = aWorld({ settings: { consumers: 1 } });
    await reload(world);
    expect(world.service.reload()).toEqual({ status: 'refused', reason: 'another reload is in progress' });
    takeOver(world, 1);
    await reload(world);
    takeOver(world, 1);
    expect(world.emitted('reload.done').map(({ number }) => number)).toEqual([1, 2]);
  });

  it('also replaces a parked consumer', async () => {
    const world = aWorld({ settings: { restarts: { crashes: 0, periodMs: 60_000 } } });
    world.consumer(1).dies();
    world.tick();
    expect(world.service.status.processes[1]).toMatchObject({ state: 'parked' });
    await reload(world);
    world.consumer(1).says({ type: 'ready' });
    world.tick();
    expect(world.service.status.processes[1]).toMatchObject({ state: 'ready' });
    takeOver(world, 2);
    expect(world.emitted('reload.done')).toHaveLength(1);
  });

  it('waits for a consumer that is being recycled', async () => {
    const world = aWorld({ settings: { consumers: 1, recycling: { rssBytes: null, items: null, ageMs: 10_000 } } });
    world.consumer().says({ type: 'beat', rss: 1, utilisation: 0, lent: 0, started: 0, oldestMs: 0, waiting: null });
    world.pass(10_000);
    expect(world.consumers).toHaveLength(2);
    await reload(world);
    expect(world.consumers).toHaveLength(2);
    takeOver(world, 1);
    expect(world.consumers).toHaveLength(3);
    takeOver(world, 1);
    expect(world.service.status.reload).toMatchObject({ state: 'done', replaced: 1 });
  });
});

describe('a reload is refused, and the running consumers are kept,', () => {
  const other = (changes: Partial<NonNullable<Described['pipeline']>>): Described => ({
    ...described(),
    pipeline: { ...described().pipeline!, ...changes },
  });
  it.each<[string, Described, string]>([
    [
      'when the file has problems',
      { type: 'described', pipeline: null, problems: [{ file: 'a.ts', message: 'no source' }] },
      'no source',
    ],
    ['when the file has other limits', other({ limits: { vendor: { concurrency: 1 } } }), 'limits changed'],
    ['when the file has other options', other({ options: { attempts: 1 } }), 'options changed'],
    [
      'when the file holds another pipeline',
      other({ name: 'another', options: { a: 1 } }),
      'name and its options changed',
    ],
    [
      'when the file has another sink',
      other({ sink: { kind: 'sqlite', delivery: 'transaction', target: 'x.db', options: 'x' } }),
      'sink (from memory: memory, to sqlite: x.db) changed',
    ],
    ['when the source may have changed and resumes by counting', changed, 'a `version` when its run began'],
  ])('%s', async (_, answer, reason) => {
    const world = aWorld();
    await reload(world, answer);
    expect(refused(world)).toContain(reason);
    expect(world.consumers).toHaveLength(2);
    expect(world.service.status).toMatchObject({ state: 'running', reload: { state: 'refused' } });
    expect(world.service.status.reasons[0]).toContain(`not reloaded: `);
  });

  it('when the process that checks the file dies while doing so, or takes too long', async () => {
    const world = aWorld();
    world.service.reload();
    world.producers.at(-1)!.goes({ code: 5 });
    await world.settle();
    expect(refused(world)).toContain('exit code 5');
    world.service.reload();
    world.pass(30_000);
    expect(world.producers.at(-1)!.killedFor).toContain('not loaded within 30s');
    world.producers.at(-1)!.dies();
    await world.settle();
    expect(refused(world)).toContain('not loaded within 30s');
  });

  it('when the first new consumer does not become ready; if a later one does not, the rest are kept', async () => {
    const world = aWorld();
    const [first, second] = world.consumers as [FakeConsumer, FakeConsumer];
    await reload(world);
    world
      .consumer(1)
      .says({ type: 'failed', error: { code: 'E', message: 'no set-up today' }, origin: 'process', exitCode: null });
    world.consumer(1).goes({ code: 1 });
    world.tick();
    expect(refused(world)).toBe('the new consumer 1 did not become ready: exited 1 (no set-up today)');
    world.pass(60_000);
    expect(world.consumers).toHaveLength(3);
    expect([first.typesSent('stop'), second.typesSent('stop')]).toEqual([[], []]);

    await reload(world);
    takeOver(world, 1);
    world.consumer(2).goes({ code: 1 });
    world.tick();
    expect(world.service.status.reload).toMatchObject({ state: 'refused', replaced: 1, of: 2 });
    expect(second.typesSent('stop')).toEqual([]);
  });

  it('when the new consumer reports that no process could continue: the running ones can', async () => {
    const world = aWorld();
    await reload(world);
    const error = { code: 'SINK', message: 'no such column' };
    world.consumer(1).says({ type: 'failed', error, origin: 'process', exitCode: 78 });
    world.consumer(1).goes({ code: 78 });
    world.tick();
    expect(refused(world)).toContain('no such column');
    expect(world.service.status.state).toBe('running');
  });

  it('when the run is ending, or ends during the reload', async () => {
    const world = aWorld();
    await reload(world);
    world.producer.says({ type: 'ready' });
    world.producers[0]!.ends();
    world.tick();
    expect(world.consumer(1).killedFor).toBe('stopped before it was ready');
    world.consumer(1).dies();
    world.tick();
    expect(refused(world)).toBe('the run ended');
    expect(world.service.reload()).toEqual({
      status: 'refused',
      reason: 'the run is ending and needs no new code',
    });
  });

  it('when the service stops, even while the file is being checked', async () => {
    const world = aWorld({ settings: { consumers: 1 } });
    world.service.reload();
    world.service.stop('SIGTERM');
    expect(world.producers.at(-1)!.killedFor).toBe('not needed any more');
    expect(refused(world)).toBe('the pipeline is stopping');
    expect(world.service.reload()).toEqual({ status: 'refused', reason: 'the pipeline is stopping' });
    world.producers.at(-1)!.dies();
    leave(world, world.consumer());
    world.producers[0]!.says({ type: 'ended' });
    world.tick();
    world.producers[0]!.leaves();
    await world.settle();
    expect(world.outcome).toMatchObject({ exitCode: 0 });
    expect(world.clock.waiting).toBe(0);
  });
});

describe('a changed source', () => {
  it('is accepted when it resumes from a cursor: the producer’s successor gets it', async () => {
    const world = aWorld({ settings: { consumers: 1 } });
    world.producer.yields([1], { cursor: '{"page":2}', count: 1 });
    world.tick();
    await reload(world, changed);
    takeOver(world, 1);
    expect(world.emitted('warning')).toMatchObject([{ code: 'PIPELINE_CHANGED' }]);
    expect(world.service.status.reload).toMatchObject({ state: 'done' });
    // The old code has read everything so far.
    expect(world.store.run()!.fingerprint).not.toBe('version 2');
  });

  it('is accepted when it has been read to the end', async () => {
    const world = aWorld({ settings: { consumers: 1 } });
    world.producer.yields([1], { count: 1 });
    world.producer.ends({ count: 1 });
    world.tick();
    await reload(world, changed);
    takeOver(world, 1);
    expect(world.service.status.reload).toMatchObject({ state: 'done' });
  });
});

describe('after a refused reload', () => {
  const wrong: Described = { type: 'described', pipeline: null, problems: [{ file: 'a.ts', message: 'no source' }] };

  /** The process that was asked about the file answers. */
  async function isLookedAt(world: AService, answer: Described): Promise<void> {
    const look = world.producers.at(-1)!;
    expect(look.typesSent()).toEqual(['describe']);
    look.says(answer);
    await world.settle();
    expect(look.killedFor).toBe('it has reported what is in the file');
  }

  it('a process that dies is held back until the file is good, which is checked with back-off and not counted as a crash', async () => {
    const world = aWorld();
    await reload(world, wrong);
    const [producer] = world.producers;
    world.consumer(1).dies();
    producer!.dies();
    world.tick();
    expect(world.emitted('child.heldBack').map(({ reason }) => reason)).toEqual(['no source', 'no source']);
    expect(world.service.status.reasons).toEqual(
      expect.arrayContaining([
        'not reloaded: no source',
        'consumer 1 crashed (killed by SIGKILL) and will be replaced once the pipeline file is usable (checked again in 750ms)',
      ]),
    );
    for (const waitMs of [750, 1500, 3000, 6000, 12_000, 24_000, 45_000, 45_000]) {
      const looks = world.producers.length;
      world.pass(waitMs - 1);
      expect(world.producers).toHaveLength(looks);
      world.pass(1);
      expect(world.producers).toHaveLength(looks + 1);
      await isLookedAt(world, wrong);
    }
    expect([world.consumers.length, world.emitted('child.parked')]).toEqual([2, []]);
    world.pass(45_000);
    await isLookedAt(world, described());
    world.producer.says(described());
    world.consumer(1).says({ type: 'ready' });
    world.tick();
    expect(world.producer.typesSent('configure')).toEqual(['configure']);
    expect(world.emitted('file.usable')).toHaveLength(1);
    expect(world.service.status.processes.map(({ state }) => state)).toEqual(['starting', 'ready', 'ready']);
    world.consumer(1).dies();
    world.pass(1000);
    expect(world.consumers).toHaveLength(4);
  });

  it('the log says once that the file is wrong in another way', async () => {
    const world = aWorld();
    await reload(world, wrong);
    world.consumer(1).dies();
    world.pass(750);
    const other: Described = { ...wrong, problems: [{ file: 'a.ts', message: 'no sink' }] };
    await isLookedAt(world, other);
    world.pass(1500);
    await isLookedAt(world, other);
    expect(world.emitted('file.unusable')).toEqual([{ reason: 'no sink' }]);
    expect(world.service.status.reasons).toContain('no new process can be started from the pipeline file: no sink');
  });

  it('a process that died is started at once by the next reload', async () => {
    const world = aWorld();
    await reload(world, wrong);
    const [producer] = world.producers;
    world.consumer(1).dies();
    producer!.dies();
    world.tick();
    await reload(world);
    // One process that describes the file, and one in place of the producer.
    expect(world.producers).toHaveLength(4);
    world.consumer(1).says({ type: 'ready' });
    world.tick();
    takeOver(world, 2);
    expect(world.service.status.reload).toMatchObject({ state: 'done', replaced: 2 });
    world.consumer(1).dies();
    world.pass(1000);
    expect(world.consumers).toHaveLength(5);
  });

  it('a process that died is started again when the file was good and only the new consumer did not become ready', async () => {
    const world = aWorld();
    await reload(world);
    world.consumer(1).goes({ code: 1 });
    world.tick();
    expect(refused(world)).toContain('did not become ready');
    world.consumer(2).dies();
    world.pass(750);
    await isLookedAt(world, described());
    // It fails as the other did, in a way that would end a service that has just begun.
    const error = { code: 'SINK', message: 'database is locked' };
    world.consumer(2).says({ type: 'failed', error, origin: 'process', exitCode: 78 });
    world.consumer(2).goes({ code: 78 });
    world.pass(1500);
    expect(world.service.status.state).toBe('running');
    await isLookedAt(world, described());
    world.consumer(2).says({ type: 'ready' });
    world.tick();
    expect(world.service.status.processes.map(({ state }) => state)).toEqual(['ready', 'ready', 'ready']);
    expect(world.emitted('child.parked')).toEqual([]);
  });

  it('nothing is left waiting when the service stops while the file is being checked', async () => {
    const world = aWorld({ settings: { consumers: 1 } });
    await reload(world, wrong);
    world.consumer().dies();
    world.pass(750);
    world.service.stop('SIGTERM');
    expect(world.producers.at(-1)!.killedFor).toBe('not needed any more');
    world.producers.at(-1)!.dies();
    world.producers[0]!.says({ type: 'ended' });
    world.tick();
    world.producers[0]!.leaves();
    await world.settle();
    expect(world.outcome).toMatchObject({ exitCode: 0 });
    expect(world.clock.waiting).toBe(0);
  });

  it('a run still finishes', async () => {
    const world = aWorld();
    await reload(world, wrong);
    world.consumer(1).dies();
    world.producers[0]!.ends();
    world.producers[0]!.says({ type: 'ended' });
    world.tick();
    world.producers[0]!.leaves();
    expect(world.consumer(2).typesSent('end')).toEqual(['end']);
    // The file no longer matters: no process waits for it, and none checks it.
    expect(world.service.status.reasons.join()).not.toContain('is not replaced');
    world.pass(50_000);
    expect(world.producers).toHaveLength(2);
    leave(world, world.consumer(2));
    await world.settle();
    expect(world.outcome).toMatchObject({ exitCode: 0 });
  });
});

describe('a successor that exits as soon as it is ready', () => {
  it('changes nothing: the next reload replaces its predecessor', async () => {
    const world = aWorld({ settings: { consumers: 1, recycling: { rssBytes: null, items: null, ageMs: 10_000 } } });
    await reload(world, { type: 'described', pipeline: null, problems: [{ file: 'a.ts', message: 'no source' }] });
    const [first] = world.consumers;
    first!.says({ type: 'beat', rss: 1, utilisation: 0, lent: 0, started: 0, oldestMs: 0, waiting: null });
    world.pass(10_000);
    world.consumer().says({ type: 'ready' });
    world.consumer().goes({ code: 1 });
    world.tick();
    expect(first!.typesSent('stop')).toEqual([]);
    await reload(world);
    takeOver(world, 1);
    expect(world.service.status.reload).toMatchObject({ state: 'done', replaced: 1 });
    expect(world.consumers).toHaveLength(3);
  });
});

describe('a file that was edited without a reload', () => {
  const finding = (changes: Partial<NonNullable<Described['pipeline']>>): Described => ({
    ...described(),
    pipeline: { ...described().pipeline!, ...changes },
  });
  const { sink } = described().pipeline!;

  it.each<[string, Described, string]>([
    [
      'is broken',
      { type: 'described', pipeline: null, problems: [{ file: 'a.ts', message: 'syntax error' }] },
      'syntax error',
    ],
    [
      'has another sink',
      finding({ sink: { ...sink, target: 'other' } }),
      'sink (from memory: memory, to memory: other)',
    ],
    ['has other sink options', finding({ sink: { ...sink, options: 'other' } }), 'sink’s options changed'],
    ['has other options', finding({ options: { attempts: 9 } }), 'options changed'],
    ['has other limits', finding({ limits: { vendor: { concurrency: 1 } } }), 'limits changed'],
    ['may have another source that resumes by counting', finding({ fingerprint: 'version 2' }), 'resumes by count'],
  ])(
    'and %s is not used for a consumer’s successor: it is held back, unconfigured, until the file is good',
    async (_, found, reason) => {
      const world = aWorld();
      world.producer.yields([1]);
      world.tick();
      const [producer] = world.producers;
      world.consumerFinds = found;
      world.consumer(1).dies();
      world.pass(250);
      const refusedOne = world.consumer(1);
      expect(refusedOne.typesSent()).toEqual(['describe']);
      expect(refusedOne.killedFor).toContain(reason);
      refusedOne.dies();
      world.tick();
      expect(world.emitted('child.heldBack')).toMatchObject([{ reason: expect.stringContaining(reason) }]);
      expect(world.service.status.reasons.join('\n')).toContain(reason);
      expect(world.service.status.state).toBe('running');
      expect(world.consumer(2).lent).toEqual([1]);

      world.consumerFinds = described();
      world.pass(1000);
      expect(world.producer).not.toBe(producer);
      world.producer.says(described());
      await world.settle();
      world.consumer(1).says({ type: 'ready' });
      world.tick();
      expect(world.service.status.processes[1]).toMatchObject({ state: 'ready' });
      expect(world.service.status.reasons.join('\n')).not.toContain(reason);
    },
  );

  it('is not used to recycle a consumer: the old process is kept', () => {
    const world = aWorld({ settings: { consumers: 1, recycling: { rssBytes: null, items: null, ageMs: 10_000 } } });
    const [first] = world.consumers;
    first!.says({ type: 'beat', rss: 1, utilisation: 0, lent: 0, started: 0, oldestMs: 0, waiting: null });
    world.consumerFinds = finding({ sink: { ...sink, target: 'other' } });
    world.pass(10_000);
    world.consumer().dies();
    world.tick();
    expect(world.emitted('child.notReplaced')).toMatchObject([{ reason: expect.stringContaining('to memory: other') }]);
    expect(world.service.status.reasons.join('\n')).toContain('no new process can be started from the pipeline file');
    world.consumerFinds = described();
    world.pass(10_000);
    world.consumer().says({ type: 'ready' });
    world.tick();
    leave(world, first!);
    expect(world.service.status.reasons.join('\n')).not.toContain('no new process');
  });

  it('is used if only its code changed and a reload would accept it; a warning is logged once', () => {
    const world = aWorld();
    world.consumerFinds = finding({ code: 'another' });
    for (const ordinal of [1, 2]) {
      world.consumer(ordinal).dies();
      world.pass(250);
      world.consumer(ordinal).says({ type: 'ready' });
      world.tick();
    }
    expect(world.service.status.processes.map(({ state }) => state)).toEqual(['ready', 'ready', 'ready']);
    expect(world.emitted('warning')).toEqual([
      { code: 'PIPELINE_EDITED', message: expect.stringContaining('consumer 1 started with the new code') },
    ]);
  });

  it('and then reloaded runs in all processes, without a warning about its code', async () => {
    const world = aWorld({ settings: { consumers: 1 } });
    world.consumerFinds = finding({ code: 'another' });
    await reload(world, world.consumerFinds);
    takeOver(world, 1);
    expect(world.emitted('warning')).toEqual([]);
  });

  it('ends a service that has not begun, with exit code 78', async () => {
    const world = new AService({ settings: { consumers: 1 } });
    world.consumerFinds = finding({ sink: { ...sink, target: `out-${process.pid}` } });
    world.run();
    expect(world.service.status.state).toBe('stopping');
    world.consumer().dies();
    world.producer.dies();
    await world.settle();
    expect(world.outcome).toMatchObject({ exitCode: 78, error: { code: 'PIPELINE_CHANGED' } });
  });
});
