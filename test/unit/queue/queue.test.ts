import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { sourceStart } from '../../../src/frame/position.ts';
import { Holding } from '../../../src/queue/lending/holding.ts';
import { MemoryStore } from '../../../src/queue/memory-store.ts';
import { Queue } from '../../../src/queue/queue.ts';
import { StoreFull, type Group, type RunRecord } from '../../../src/queue/store.ts';
import { cutFrame } from '../../../src/frame/frame.ts';
import { aRun, error, frameOf, limitRecord } from '../../contract/store.ts';
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
  it('agrees with a simple model after any sequence of steps', () => {
    fc.assert(
      fc.property(steps(400), (all) => {
        const walk = new Walk(new MemoryStore());
        walk.run(all);
        walk.finish();
      }),
      { numRuns: 150 },
    );
  });

  it('assigns the next seqs after those of an earlier run', () => {
    const queue = queueOf(new MemoryStore(), { nextSeq: 501 });
    append(queue, 'a', 'b');
    queue.commit(moment);
    expect(queue.take(new Holding(1), credit, moment)).toMatchObject({ seq: 501, frame: { count: 2 } });
    expect(queue.run.nextSeq).toBe(503);
  });

  it('stores the position of the source together with the frame: both or neither', () => {
    const store = new MemoryStore();
    const queue = queueOf(store);
    const position = { cursor: '{"page":2}', count: 1, digest: 'd' };
    queue.append(frameOf('a'), position);
    expect(store.run()).toBeUndefined();
    queue.commit(moment);
    expect([store.run()?.position, store.readFrameOf(1)?.frame]).toEqual([position, frameOf('a')]);
  });

  it('counts stored frames, deliveries, and each item every time that it is lent', () => {
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

  it.each(['sealed', 'finishing', 'finished'] as const)('accepts no items once the run is %s', (state) => {
    const queue = queueOf(new MemoryStore());
    queue.setRun({ state });
    expect(() => append(queue, 'a')).toThrow(`a ${state} run takes no items`);
  });

  it('accepts only whole frames, because the index of a piece does not begin at the piece’s first byte', () => {
    const queue = queueOf(new MemoryStore());
    const piece = cutFrame(frameOf('a', 'b'), 1, 1);
    expect(() => queue.append(piece, sourceStart)).toThrow('part of a frame cannot be stored');
    expect(queue.isDirty).toBe(false);
  });

  it('makes a dead letter of an item that will not run again, with everything that is known about it', () => {
    const store = new MemoryStore();
    const queue = queueOf(store);
    append(queue, 'a', 'b');
    queue.commit(moment);
    const holding = new Holding(1);
    queue.take(holding, credit, moment);
    queue.fail(holding, 2, moment, () => ({ kind: 'retry', delayMs: 10, usesAttempt: true, error }));
    queue.fail(holding, 1, moment, () => ({ kind: 'dead', reason: 'not even once', error }));
    queue.commit(moment);
    const later = { now: 200, wall: 1_000_200 };
    expect(queue.take(holding, credit, later)).toMatchObject({ seq: 2, attempt: 2 });
    queue.fail(holding, 2, later, () => ({ kind: 'dead', reason: 'failed 2 times', error }));
    queue.commit(later);
    expect(store.readDead({ after: 0, limit: 10 })).toMatchObject([
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

  it('ignores the failure of an item that its holding does not hold, and changes nothing if the decision throws', () => {
    const queue = queueOf(new MemoryStore());
    append(queue, 'a');
    queue.commit(moment);
    const holding = new Holding(1);
    queue.take(holding, credit, moment);
    const fails = (): never => {
      throw new Error('asked');
    };
    expect(queue.fail(holding, 2, moment, fails)).toBeUndefined();
    expect(() => queue.fail(holding, 1, moment, fails)).toThrow('asked');
    expect([holding.count, queue.stats.lent, queue.isDirty]).toEqual([1, 1, false]);
  });

  it('reports which attempt failed, when the item was lent, and the error of the previous attempt', () => {
    const queue = queueOf(new MemoryStore());
    append(queue, 'a');
    queue.commit(moment);
    const holding = new Holding(1);
    const attempts: unknown[] = [];
    for (const now of [100, 200]) {
      queue.take(holding, credit, { now, wall: now });
      const outcome = queue.fail(holding, 1, { now, wall: now }, ({ errorBefore, item: _, ...attempt }) => {
        attempts.push({ ...attempt, before: errorBefore()?.code });
        return { kind: 'retry', error, delayMs: 0, usesAttempt: true, ownFault: 3 };
      });
      expect(outcome).toMatchObject({ attempt: attempts.length, fate: { kind: 'retry' } });
      queue.commit({ now, wall: now });
    }
    expect(attempts).toEqual([
      { seq: 1, attempt: 1, ownFault: 0, lentAt: 100, mode: 'together', before: undefined },
      { seq: 1, attempt: 2, ownFault: 3, lentAt: 200, mode: 'together', before: 'E' },
    ]);
  });

  it('times a retry by the monotonic clock while it runs, and by the wall clock after a start', () => {
    const store = new MemoryStore();
    const queue = queueOf(store);
    append(queue, 'a');
    queue.commit(moment);
    const holding = new Holding(1);
    queue.take(holding, credit, moment);
    queue.fail(holding, 1, moment, () => ({ kind: 'retry', delayMs: 500, usesAttempt: false, error }));
    expect(queue.nextDue(moment)).toBeUndefined();
    queue.commit(moment);
    expect(queue.nextDue(moment)).toBe(600);
    expect(queue.available({ now: 599, wall: 1_000_599 })).toBe(0);
    expect(queue.available({ now: 600, wall: 1_000_600 })).toBe(1);
    // Another process, whose monotonic clock started again.
    expect(queueOf(store, store.run()).nextDue({ now: 7, wall: 1_000_400 })).toBe(7 + 200);
  });

  it('lets the ledger forget only items below the lowest retry if there are too many retries to list', () => {
    const queue = queueOf(new MemoryStore());
    for (let i = 0; i < 11; i++) append(queue, ...Array.from({ length: 100 }, (_, k) => `${i}:${k}`));
    queue.commit(moment);
    const holding = new Holding(1);
    const fate = { kind: 'retry', error, delayMs: 1e6, usesAttempt: true } as const;
    while (queue.take(holding, credit, moment));
    queue.settle(holding, [[1, 50]], 0);
    for (let seq = 51; seq <= 1050; seq++) queue.fail(holding, seq, moment, () => fate);
    queue.commit(moment);
    expect(queue.watermark()).toEqual({ before: 1051, open: Array.from({ length: 1000 }, (_, i) => 51 + i) });
    queue.fail(holding, 1051, moment, () => fate);
    queue.commit(moment);
    expect(queue.watermark()).toEqual({ before: 51, open: [] });
  });

  it('lets the ledger forget items only once their settlement survives a power loss', () => {
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

  it('stores settlements without new items on request, and the items with the next full commit', () => {
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

  it('keeps only the latest record of a limit, however often it changes before it can be stored', () => {
    const store = new MemoryStore();
    const queue = queueOf(store);
    const tried: Group['limits'][] = [];
    store.commit = ({ limits }) => {
      tried.push([...limits]);
      throw new StoreFull('no space');
    };
    for (let n = 1; n <= 100; n++) {
      queue.setLimit(limitRecord('vendor', n));
      queue.setLimit(limitRecord('other', -n));
      expect(() => queue.commit(moment)).toThrow(StoreFull);
    }
    expect(tried.at(-1)).toEqual([limitRecord('vendor', 100), limitRecord('other', -100)]);
  });

  it('is not dirty before anything has changed, and stores the records of limits', () => {
    const store = new MemoryStore();
    const queue = queueOf(store);
    queue.commit(moment);
    expect([queue.isDirty, store.run()]).toEqual([false, undefined]);
    queue.setLimit(limitRecord('vendor', 1));
    expect(queue.isDirty).toBe(true);
    queue.commit(moment);
    expect([queue.isDirty, store.limits()]).toEqual([false, [limitRecord('vendor', 1)]]);
  });
});
