import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { sourceStart } from '../../../src/frame/position.ts';
import { Holding } from '../../../src/queue/lending/holding.ts';
import { MemoryStore } from '../../../src/queue/memory-store.ts';
import { Queue } from '../../../src/queue/queue.ts';
import { StoreFull, type Group, type RunRecord } from '../../../src/queue/store.ts';
import { cutFrame } from '../../../src/frame/frame.ts';
import { aRun, error, frameOf } from '../../contract/store.ts';
import { steps, Walk } from './queue-walk.ts';

const options = { windowBytes: 1_000_000 };
const moment = { now: 100, wall: 1_000_100 };
const credit = { items: 1000, bytes: 1_000_000 };

function queueOf(store: MemoryStore, run: Partial<RunRecord> = {}): Queue {
  return new Queue(store, { ...aRun, ...run }, options);
}

function append(queue: Queue, ...texts: string[]): void {
  queue.append(frameOf(...texts), { ...sourceStart, count: texts.length });
}

describe('the queue', () => {
  it('agrees with a plain model of it, whatever happens in whatever order', () => {
    fc.assert(
      fc.property(steps(400), (all) => {
        const walk = new Walk(new MemoryStore());
        walk.run(all);
        walk.finish();
      }),
      { numRuns: 150 },
    );
  });

  it('goes on with the seqs where an earlier run ended', () => {
    const queue = queueOf(new MemoryStore(), { nextSeq: 501 });
    append(queue, 'a', 'b');
    queue.commit(moment);
    expect(queue.take(new Holding(1), credit, moment)).toMatchObject({ seq: 501, frame: { count: 2 } });
    expect(queue.run.nextSeq).toBe(503);
  });

  it('keeps where the source stood with the frame: both are stored, or neither is', () => {
    const store = new MemoryStore();
    const queue = queueOf(store);
    const position = { cursor: '{"page":2}', count: 1, digest: 'd' };
    queue.append(frameOf('a'), position);
    expect(store.run()).toBeUndefined();
    queue.commit(moment);
    expect([store.run()?.position, store.readFrameOf(1)?.frame]).toEqual([position, frameOf('a')]);
  });

  it('counts the frames that come in, the deliveries that go out, and the items in those, each time they go', () => {
    const queue = queueOf(new MemoryStore());
    append(queue, 'a', 'b', 'c');
    append(queue, 'd');
    queue.commit(moment);
    const lost = new Holding(1);
    queue.take(lost, { items: 2, bytes: 100 }, moment);
    queue.lose(lost, moment);
    const holding = new Holding(1);
    while (queue.take(holding, credit, moment));
    expect(queue.traffic).toEqual({ frames: 2, deliveries: 4, delivered: 6 });
  });

  it.each(['sealed', 'finishing', 'finished'] as const)('takes no items once the run is %s', (state) => {
    const queue = queueOf(new MemoryStore());
    queue.setRun({ state });
    expect(() => append(queue, 'a')).toThrow(`a ${state} run takes no items`);
  });

  it('takes whole frames only, as the index of a piece does not begin at its own first byte', () => {
    const queue = queueOf(new MemoryStore());
    const piece = cutFrame(frameOf('a', 'b'), 1, 1);
    expect(() => queue.append(piece, sourceStart)).toThrow('a piece of a frame cannot be stored');
    expect(queue.isDirty).toBe(false);
  });

  it('makes a dead letter of an item that will not be tried again, with what is known of it', () => {
    const store = new MemoryStore();
    const queue = queueOf(store);
    append(queue, 'a', 'b');
    queue.commit(moment);
    const holding = new Holding(1);
    queue.take(holding, credit, moment);
    queue.fail(holding, { seq: 2, fate: { kind: 'retry', delayMs: 10, usesAttempt: true }, error }, moment);
    queue.fail(holding, { seq: 1, fate: { kind: 'dead', reason: 'not even once' }, error }, moment);
    queue.commit(moment);
    const later = { now: 200, wall: 1_000_200 };
    expect(queue.take(holding, credit, later)).toMatchObject({ seq: 2, attempt: 2 });
    queue.fail(holding, { seq: 2, fate: { kind: 'dead', reason: 'failed 2 times' }, error }, later);
    queue.commit(later);
    expect(store.readDead(0, 10)).toMatchObject([
      {
        seq: 1,
        origin: 1,
        run: 'r1',
        attempts: 1,
        kills: 0,
        reason: 'not even once',
        error,
        diedAt: 1_000_100,
        frame: frameOf('a'),
      },
      {
        seq: 2,
        origin: 2,
        run: 'r1',
        attempts: 2,
        kills: 0,
        reason: 'failed 2 times',
        error,
        diedAt: 1_000_200,
        frame: frameOf('b'),
      },
    ]);
    expect([queue.isEmpty, queue.run.dead, store.readRetrySeqs(10)]).toEqual([true, 2, []]);
  });

  /** A queue of one item, which has died. */
  function withLetter(run: Partial<RunRecord> = {}): { queue: Queue; store: MemoryStore } {
    const store = new MemoryStore();
    const queue = queueOf(store, run);
    append(queue, 'a');
    queue.commit(moment);
    const holding = new Holding(1);
    const { seq } = queue.take(holding, credit, moment)!;
    queue.fail(holding, { seq, fate: { kind: 'dead', reason: 'no' }, error }, moment);
    queue.commit(moment);
    return { queue, store };
  }

  it('gives a dead letter back under a new seq, with the first one as its origin and all attempts before it', () => {
    const { queue, store } = withLetter();
    expect(queue.giveBack([1], moment)).toEqual([]);
    expect([queue.isEmpty, queue.run.dead, queue.run.stored, queue.run.nextSeq]).toEqual([false, 0, 1, 3]);
    const holding = new Holding(1);
    expect(queue.take(holding, credit, moment)).toBeUndefined();
    queue.commit(moment);
    expect(queue.take(holding, credit, moment)).toMatchObject({ seq: 2, origin: 1, attempt: 1, history: 'first' });
    queue.fail(holding, { seq: 2, fate: { kind: 'dead', reason: 'again' }, error }, moment);
    queue.commit(moment);
    expect(store.readDead(0, 10)).toMatchObject([{ seq: 2, origin: 1, attempts: 1, history: [{}, {}] }]);
    expect([queue.run.dead, queue.run.stored, queue.run.nextSeq]).toEqual([1, 1, 3]);
  });

  it('remembers of which run a dead letter was first, however often it is given back, and in which runs', () => {
    const { queue: first, store } = withLetter();
    first.setRun({ state: 'finished', finishedAt: 0, exitCode: 3 });
    first.commit(moment);
    for (const [run, letter] of [
      ['r2', 1],
      ['r3', 3],
    ] as const) {
      const queue = new Queue(store, { ...aRun, run, nextSeq: store.run()!.nextSeq }, { windowBytes: 1_000_000 });
      append(queue, `new in ${run}`);
      queue.commit(moment);
      queue.giveBack([letter], moment);
      queue.commit(moment);
      const holding = new Holding(2);
      const again = queue.take(holding, credit, moment)!;
      expect(again).toMatchObject({ seq: letter + 2, origin: 1, originRun: 'r1' });
      const news = queue.take(holding, credit, moment)!;
      expect(news).toMatchObject({ seq: letter + 1, origin: letter + 1, originRun: run });
      queue.settle(holding, [[news.seq, news.seq]], 0);
      queue.fail(holding, { seq: again.seq, fate: { kind: 'dead', reason: 'again' }, error }, moment);
      queue.commit(moment);
    }
  });

  it('gives nothing back when the run is at its end, nor reopens it, unless it has finished and no supervisor runs', () => {
    const { queue, store } = withLetter();
    for (const state of ['finishing', 'finished'] as const) {
      queue.setRun({ state, finishedAt: 5, exitCode: 3 });
      expect(() => queue.giveBack([1], moment)).toThrow('give dead letters back after this run');
    }
    queue.commit(moment);
    const between = new Queue(store, store.run()!, { ...options, reopens: true });
    expect([between.giveBack([7], moment), between.isDirty]).toEqual([[7], false]);
    expect(between.giveBack([1], moment)).toEqual([]);
    between.commit(moment);
    expect(store.run()).toMatchObject({ state: 'sealed', finishedAt: null, exitCode: null, dead: 0 });
  });

  it('counts a letter of an earlier run as an item of this one', () => {
    const { store } = withLetter();
    const next = queueOf(store, { run: 'r2', nextSeq: 2 });
    next.giveBack([1], moment);
    expect([next.run.stored, next.run.dead]).toEqual([1, 0]);
    const other = queueOf(store, { run: 'r2', nextSeq: 2 });
    expect([other.purge([1, 7]), other.run.stored, other.run.dead]).toEqual([[7], 0, 0]);
  });

  it('lets a retry wait on both clocks: until then, and until then after a start', () => {
    const store = new MemoryStore();
    const queue = queueOf(store);
    append(queue, 'a');
    queue.commit(moment);
    const holding = new Holding(1);
    queue.take(holding, credit, moment);
    queue.fail(holding, { seq: 1, fate: { kind: 'retry', delayMs: 500, usesAttempt: false }, error }, moment);
    expect(queue.nextDue(moment)).toBeUndefined();
    queue.commit(moment);
    expect(queue.nextDue(moment)).toBe(600);
    expect(queue.available({ now: 599, wall: 1_000_599 })).toBe(0);
    expect(queue.available({ now: 600, wall: 1_000_600 })).toBe(1);
    // Another process: its monotonic clock began anew.
    expect(queueOf(store, store.run()).nextDue({ now: 7, wall: 1_000_400 })).toBe(7 + 200);
  });

  it('tells what the ledger may forget by the lowest retry when there are too many to name', () => {
    const queue = queueOf(new MemoryStore());
    for (let i = 0; i < 11; i++) append(queue, ...Array.from({ length: 100 }, (_, k) => `${i}:${k}`));
    queue.commit(moment);
    const holding = new Holding(1);
    const fate = { kind: 'retry', delayMs: 1e6, usesAttempt: true } as const;
    while (queue.take(holding, credit, moment));
    queue.settle(holding, [[1, 50]], 0);
    for (let seq = 51; seq <= 1050; seq++) queue.fail(holding, { seq, fate, error }, moment);
    queue.commit(moment);
    expect(queue.watermark()).toEqual({ before: 1051, open: Array.from({ length: 1000 }, (_, i) => 51 + i) });
    queue.fail(holding, { seq: 1051, fate, error }, moment);
    queue.commit(moment);
    expect(queue.watermark()).toEqual({ before: 51, open: [] });
  });

  it('tells what the ledger may forget when that survives a power loss', () => {
    const order: string[] = [];
    const store = new MemoryStore();
    store.sync = () => void order.push('sync');
    const readRetrySeqs = store.readRetrySeqs.bind(store);
    store.readRetrySeqs = (limit) => {
      order.push('read');
      return readRetrySeqs(limit);
    };
    queueOf(store).watermark();
    expect(order).toEqual(['sync', 'read']);
  });

  it('stores settlements without new items when told so, and the items with the next whole commit', () => {
    const store = new MemoryStore();
    const queue = queueOf(store);
    append(queue, 'a', 'b');
    queue.commit(moment);
    const holding = new Holding(1);
    queue.take(holding, credit, moment);
    queue.settle(holding, [[1, 1]], 0);
    append(queue, 'c');
    queue.setRun({ state: 'sealed' });
    queue.commit(moment, 'settlements');
    expect(store.run()).toMatchObject({ state: 'running', nextSeq: 3, stored: 2, done: 1, position: { count: 2 } });
    expect([store.totals().items, queue.isDirty, queue.available(moment)]).toEqual([1, true, 0]);
    queue.commit(moment);
    expect(store.run()).toMatchObject({ state: 'sealed', nextSeq: 4, stored: 3, done: 1, position: { count: 1 } });
    expect(queue.take(holding, credit, moment)).toMatchObject({ seq: 3, history: 'first' });
  });

  it('holds one record of a limit, the latest, however often that changes before it can be stored', () => {
    const store = new MemoryStore();
    const queue = queueOf(store);
    const tried: Group['limits'][] = [];
    store.commit = ({ limits }) => {
      tried.push([...limits]);
      throw new StoreFull('no room');
    };
    for (let n = 1; n <= 100; n++) {
      queue.setLimit({ limit: 'vendor', data: `${n}` });
      queue.setLimit({ limit: 'other', data: `${-n}` });
      expect(() => queue.commit(moment)).toThrow(StoreFull);
    }
    expect(tried.at(-1)).toEqual([
      { limit: 'vendor', data: '100' },
      { limit: 'other', data: '-100' },
    ]);
  });

  it('is not dirty before anything has changed, and stores what a limit must not forget', () => {
    const store = new MemoryStore();
    const queue = queueOf(store);
    queue.commit(moment);
    expect([queue.isDirty, store.run()]).toEqual([false, undefined]);
    queue.setLimit({ limit: 'vendor', data: '{}' });
    expect(queue.isDirty).toBe(true);
    queue.commit(moment);
    expect([queue.isDirty, store.limits()]).toEqual([false, [{ limit: 'vendor', data: '{}' }]]);
  });
});
