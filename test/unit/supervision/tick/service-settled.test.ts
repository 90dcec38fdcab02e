import { describe, expect, it } from '@jest/globals';
import type { MemoryStore } from '../../../../src/queue/memory-store.ts';
import { group } from '../../../contract/store.ts';
import { aRun } from '../../../support/a-queue.ts';
import { AService, described, type AServiceOptions } from '../../../support/a-service.ts';
import { StoreFull } from '../../../../src/queue/store.ts';
import { frameOf } from '../../../support/frames.ts';

function settling(options: AServiceOptions = {}): AService {
  return new AService({
    settles: true,
    ...options,
    settings: { consumers: 1, endTimeoutMs: 60_000, ...options.settings },
  });
}

const cursorsToldTo = ({ producer }: AService): string[] =>
  producer.sent.flatMap((message) => (message.type === 'settledTo' ? [message.cursor] : []));

/** The producer's source has dealt with the last cursor that it received. */
function confirms(world: AService): void {
  world.producer.says({ type: 'confirmed', id: world.producer.last('settledTo').id });
  world.tick();
}

function settles(world: AService, ...seqs: number[]): void {
  world.consumer().settles(...seqs);
  world.tick();
}

/** The producer has died; its successor describes the pipeline that it has loaded, and becomes ready. */
function isReplaced(world: AService): void {
  world.producer.dies();
  world.tick();
  world.pass(60_000);
  world.producer.says(described('version 1', { settles: true }));
  world.tick();
  world.producer.says({ type: 'ready' });
  world.tick();
}

/** The sealed run that a killed supervisor left, with one cursor; everything up to it may be settled. */
function leftSealed(isSettled: boolean): AServiceOptions {
  const run = { state: 'sealed', nextSeq: 3, stored: 2, position: { cursor: '2', count: 0, digest: null } } as const;
  return {
    run: { ...run, done: isSettled ? 2 : 0 },
    store: (store: MemoryStore) => {
      const frames = isSettled ? [] : [{ first: 1, frame: frameOf(['a', 'b']) }];
      store.commit(group({ run: aRun(run), frames, cursors: [{ id: 1, seq: 2, cursor: '2' }] }));
    },
  };
}

describe('a source that wants to hear what is settled', () => {
  it('hears of a cursor once all items that it covers are settled and committed', () => {
    const world = settling().runReady();
    world.producer.yields(['a', 'b'], { cursor: '2', count: 0 });
    world.tick();
    settles(world, 1);
    expect(cursorsToldTo(world)).toEqual([]);
    world.consumer().settles(2);
    expect(cursorsToldTo(world)).toEqual([]);
    world.since();
    world.tick();
    expect(cursorsToldTo(world)).toEqual(['2']);
    const notes = world.since();
    expect(notes.indexOf('commit')).toBeLessThan(notes.indexOf('producer ← settledTo'));
  });

  it('hears nothing of items that come after the cursor', () => {
    const world = settling().runReady();
    world.producer.yields(['a', 'b', 'c'], { cursor: '1', count: 2 });
    world.tick();
    settles(world, 1);
    expect(cursorsToldTo(world)).toEqual(['1']);
  });

  it('hears of one cursor at a time, and then of the newest', () => {
    const world = settling().runReady();
    for (const [i, item] of ['a', 'b', 'c', 'd'].entries())
      world.producer.yields([item], { cursor: `${i + 1}`, count: 0 });
    world.tick();
    settles(world, 1);
    settles(world, 2, 3);
    expect(cursorsToldTo(world)).toEqual(['1']);
    confirms(world);
    expect(cursorsToldTo(world)).toEqual(['1', '3']);
    confirms(world);
    expect(cursorsToldTo(world)).toEqual(['1', '3']);
    settles(world, 4);
    expect(cursorsToldTo(world)).toEqual(['1', '3', '4']);
  });

  it('hears of a cursor that no item follows', () => {
    const world = settling().runReady();
    world.producer.yields(['a'], { cursor: '1', count: 0 });
    world.producer.says({ type: 'covered', position: { cursor: '"the end of a file"', count: 0, digest: null } });
    world.tick();
    settles(world, 1);
    expect(cursorsToldTo(world)).toEqual(['"the end of a file"']);
  });

  it('hears nothing while an item waits for a retry; a dead letter is settled', () => {
    const world = settling().runReady();
    world.producer.yields(['a', 'b'], { cursor: '2', count: 0 });
    world.tick();
    const consumer = world.consumer();
    consumer.fails({ seq: 1, verdict: 'retry', afterMs: null });
    consumer.settles(2);
    world.tick();
    expect(cursorsToldTo(world)).toEqual([]);
    world.pass(3_600_000);
    world.consumer().fails({ seq: 1, verdict: 'dead', afterMs: null });
    world.tick();
    expect(cursorsToldTo(world)).toEqual(['2']);
  });

  it('keeps its producer until it has dealt with the last cursor; only then is the run finishing', async () => {
    const world = settling().runReady();
    world.producer.yields(['a'], { cursor: '1', count: 0 });
    world.producer.ends({ cursor: '1', count: 0 });
    world.tick();
    settles(world, 1);
    expect(world.store.run()).toMatchObject({ state: 'sealed' });
    expect([world.producer.typesSent('stop'), world.consumer().typesSent('end')]).toEqual([[], []]);
    confirms(world);
    expect(world.store.run()).toMatchObject({ state: 'finishing' });
    expect([world.producer.typesSent('stop'), world.consumer().typesSent('end')]).toEqual([['stop'], ['end']]);
    for (const child of [world.producer, world.consumer()]) {
      child.says({ type: 'ended' });
      world.tick();
      child.goes({ code: 0 });
    }
    await world.settle();
    expect(world.outcome).toMatchObject({ exitCode: 0 });
    expect(world.clock.waiting).toBe(0);
  });

  it('does not keep its producer until the last items are settled if they come after its last cursor', () => {
    const world = settling().runReady();
    world.producer.yields(['a', 'b'], { cursor: '1', count: 1 });
    world.producer.ends({ cursor: '1', count: 1 });
    world.tick();
    settles(world, 1);
    confirms(world);
    expect([world.producer.typesSent('stop'), world.store.run()?.state]).toEqual([['stop'], 'sealed']);
  });

  it('that hangs when it is closed is killed, and the run still ends', () => {
    const world = settling().runReady();
    world.producer.ends();
    world.tick();
    expect(world.producer.typesSent('stop')).toEqual(['stop']);
    world.pass(60_001);
    expect(world.producer.killedFor).toContain('did not close its source within 1m');
  });

  it('whose producer died right after it had dealt with the last cursor leaves no timer behind', async () => {
    const world = settling().runReady();
    world.producer.yields(['a'], { cursor: '1', count: 0 });
    world.producer.ends({ cursor: '1', count: 0 });
    world.tick();
    settles(world, 1);
    world.producer.says({ type: 'confirmed', id: world.producer.last('settledTo').id });
    world.producer.dies();
    world.tick();
    world.consumer().says({ type: 'ended' });
    world.tick();
    world.consumer().goes({ code: 0 });
    await world.settle();
    expect([world.producers.length, world.outcome?.exitCode, world.clock.waiting]).toEqual([1, 0, 0]);
  });

  it('that hangs in the operating system when it is closed is given up by a stop, and leaves no timer behind', async () => {
    const world = settling({ settings: { stopTimeoutMs: 1000 } }).runReady();
    world.producer.ends();
    world.tick();
    world.service.stop('tested');
    world.tick();
    world.consumer().goes({ code: 0 });
    world.pass(1001);
    world.pass(5001);
    await world.settle();
    expect([world.outcome?.error?.code, world.clock.waiting]).toEqual(['STUCK', 0]);
  });

  it.each<[string, (world: AService) => void]>([
    ['before the call', () => undefined],
    ['between the call and its confirmation', (world) => settles(world, 1)],
  ])('hears of a cursor again if its producer died %s', (_, before) => {
    const world = settling().runReady();
    world.producer.yields(['a'], { cursor: '1', count: 0 });
    world.producer.ends({ cursor: '1', count: 0 });
    world.tick();
    before(world);
    isReplaced(world);
    if (cursorsToldTo(world).length === 0) settles(world, 1);
    expect(world.producers).toHaveLength(2);
    expect(world.producer.last('configure')).toMatchObject({
      reads: false,
      isReopened: true,
      position: { cursor: '1' },
    });
    expect(cursorsToldTo(world)).toEqual(['1']);
    confirms(world);
    expect(world.store.run()).toMatchObject({ state: 'finishing' });
  });

  it('does not hear again of a cursor that it has confirmed, whichever process dies after that', () => {
    const world = settling().runReady();
    world.producer.yields(['a'], { cursor: '1', count: 0 });
    world.tick();
    settles(world, 1);
    confirms(world);
    isReplaced(world);
    expect(cursorsToldTo(world)).toEqual([]);
    expect(world.producer.last('configure')).toMatchObject({ reads: true });
    expect(world.store.newestCursor()).toBe(0);
  });

  it('hears of a cursor once if a consumer dies before it has settled everything', () => {
    const world = settling({ isTransactional: false }).runReady();
    world.producer.yields(['a'], { cursor: '1', count: 0 });
    world.tick();
    world.consumer().dies();
    world.tick();
    expect(cursorsToldTo(world)).toEqual([]);
    world.pass(60_000);
    world.consumer().says({ type: 'ready' });
    world.tick();
    settles(world, 1);
    expect(cursorsToldTo(world)).toEqual(['1']);
  });

  it('has a producer in the sealed run of a killed supervisor, and hears of cursors that this supervisor may not have reported', () => {
    const world = settling(leftSealed(true)).runReady();
    expect(world.producer.last('configure')).toMatchObject({ reads: false });
    expect(cursorsToldTo(world)).toEqual(['2']);
    expect(world.store.run()).toMatchObject({ state: 'sealed' });
    confirms(world);
    expect(world.store.run()).toMatchObject({ state: 'finishing' });
  });

  it('hears of items that are settled under the successor of a killed supervisor', () => {
    const world = settling(leftSealed(false)).runReady();
    expect(cursorsToldTo(world)).toEqual([]);
    settles(world, 1, 2);
    expect(cursorsToldTo(world)).toEqual(['2']);
  });

  it('hears nothing more while the pipeline stops; the next start reports it', async () => {
    const world = settling().runReady();
    world.producer.yields(['a'], { cursor: '1', count: 0 });
    world.tick();
    world.consumer().settles(1);
    world.service.stop('tested');
    world.tick();
    expect(cursorsToldTo(world)).toEqual([]);
    expect(world.store.newestCursor()).toBe(1);
  });

  it('waits while the disk has no space to make settlements survive a power loss', () => {
    const world = settling().runReady();
    world.producer.yields(['a'], { cursor: '1', count: 0 });
    world.tick();
    world.store.refusesSync = new StoreFull('no space left');
    settles(world, 1);
    expect([cursorsToldTo(world), world.emitted('run.stopping')]).toEqual([[], []]);
    world.store.refusesSync = undefined;
    world.pass(500);
    expect(cursorsToldTo(world)).toEqual(['1']);
  });

  it('that confirms a cursor that it did not receive breaks the protocol', () => {
    const world = settling().runReady();
    expect(() => world.producer.says({ type: 'confirmed', id: 7 })).toThrow(
      'the producer sent "confirmed" while it was not waiting for a confirmation',
    );
  });
});

describe('a source that does not want to hear what is settled', () => {
  it('replaces one that did: the run ends without waiting for the cursors of the old source', () => {
    const world = new AService({ ...leftSealed(true), settings: { consumers: 1 } }).runReady();
    expect(world.producers).toEqual([]);
    expect(world.store.newestCursor()).toBe(0);
    expect(world.store.run()).toMatchObject({ state: 'finishing' });
  });
});

describe('a source that may forget what is stored', () => {
  const storedFrames = ({ producer }: AService): number[] =>
    producer.sent.flatMap((message) => (message.type === 'stored' ? [message.frames] : []));

  it('hears of items only once they survive a power loss, and waits while the disk has no space for that', () => {
    const world = new AService().runReady();
    world.store.refusesSync = new StoreFull('no space left');
    world.producer.yields(['a']);
    world.tick();
    expect(storedFrames(world)).toEqual([1]);
    world.producer.yields(['b'], { cursor: '2' }, { isForgotten: true });
    world.producer.says({ type: 'covered', position: { cursor: '2', count: 0, digest: null } });
    world.tick();
    world.pass(500);
    expect(storedFrames(world)).toEqual([1]);
    world.store.refusesSync = undefined;
    world.pass(500);
    expect(storedFrames(world)).toEqual([1, 2]);
  });

  it('hears nothing if the disk fails at that point', async () => {
    const world = new AService().runReady();
    world.store.refusesSync = new Error('the disk is gone');
    world.producer.says({
      type: 'covered',
      position: { cursor: '2', count: 0, digest: null },
      isForgotten: true,
    });
    world.tick();
    await world.settle();
    expect([storedFrames(world), world.outcome?.spoolFailed]).toEqual([[], true]);
  });
});
