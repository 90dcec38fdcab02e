import { describe, expect, it } from '@jest/globals';
import { sourceStart } from '../../../../src/frame/position.ts';
import { Holding } from '../../../../src/queue/lending/holding.ts';
import { MemoryStore } from '../../../../src/queue/memory-store.ts';
import { Queue } from '../../../../src/queue/queue.ts';
import type { RunRecord } from '../../../../src/queue/store.ts';
import { aRun, error, frameOf } from '../../../contract/store.ts';

const options = { windowBytes: 1_000_000 };
const moment = { now: 100, wall: 1_000_100 };
const credit = { items: 1000, bytes: 1_000_000 };

function queueOf(store: MemoryStore, run: Partial<RunRecord> = {}): Queue {
  return new Queue(store, { ...aRun, ...run }, options);
}

function append(queue: Queue, ...texts: string[]): void {
  queue.append(frameOf(...texts), { ...sourceStart, count: texts.length });
}

/** A queue whose only item has become a dead letter. */
function withLetter(run: Partial<RunRecord> = {}): { queue: Queue; store: MemoryStore } {
  const store = new MemoryStore();
  const queue = queueOf(store, run);
  append(queue, 'a');
  queue.commit(moment);
  const holding = new Holding(1);
  const { seq } = queue.take(holding, credit, moment)!;
  queue.fail(holding, seq, moment, () => ({ kind: 'dead', reason: 'no', error }));
  queue.commit(moment);
  return { queue, store };
}

describe('dead letters', () => {
  it('are given back under a new seq, with their first seq as origin and no attempt used', () => {
    const { queue, store } = withLetter();
    expect(queue.letters.giveBack([1], moment)).toEqual([]);
    expect([queue.isEmpty, queue.run.dead, queue.run.stored, queue.run.nextSeq]).toEqual([false, 0, 1, 3]);
    const holding = new Holding(1);
    expect(queue.take(holding, credit, moment)).toBeUndefined();
    queue.commit(moment);
    expect(queue.take(holding, credit, moment)).toMatchObject({ seq: 2, origin: 1, attempt: 1, history: 'first' });
    queue.fail(holding, 2, moment, () => ({ kind: 'dead', reason: 'again', error }));
    queue.commit(moment);
    expect(store.readDead({ after: 0, limit: 10 })).toMatchObject([
      { seq: 2, origin: 1, attempts: 1, history: [{}, {}] },
    ]);
    expect([queue.run.dead, queue.run.stored, queue.run.nextSeq]).toEqual([1, 1, 3]);
  });

  it('record which sinks have the item, and the next consumer learns it', () => {
    const store = new MemoryStore();
    const queue = queueOf(store);
    append(queue, 'a');
    queue.commit(moment);
    const holding = new Holding(1);
    queue.take(holding, credit, moment);
    const retry = { kind: 'retry', error, delayMs: 0, usesAttempt: true } as const;
    queue.fail(holding, 1, moment, () => ({ ...retry, inSinks: ['one'] }));
    queue.commit(moment);
    expect(queue.take(holding, credit, moment)).toMatchObject({ seq: 1, inSinks: ['one'] });
    queue.fail(holding, 1, moment, () => ({ kind: 'dead', reason: 'no', error, inSinks: ['two'] }));
    queue.commit(moment);
    expect(store.readDeadHeads({ after: 0, limit: 9 })).toMatchObject([{ seq: 1, inSinks: ['one', 'two'] }]);
    queue.letters.giveBack([1], moment);
    queue.commit(moment);
    expect(queue.take(holding, credit, moment)).toMatchObject({ seq: 2, origin: 1, inSinks: ['one', 'two'] });
  });

  it('keep the run that they came from, however often they are given back, and in whichever run', () => {
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
      queue.letters.giveBack([letter], moment);
      queue.commit(moment);
      const holding = new Holding(2);
      const again = queue.take(holding, credit, moment)!;
      expect(again).toMatchObject({ seq: letter + 2, origin: 1, originRun: 'r1' });
      const news = queue.take(holding, credit, moment)!;
      expect(news).toMatchObject({ seq: letter + 1, origin: letter + 1, originRun: run });
      queue.settle(holding, [[news.seq, news.seq]], 0);
      queue.fail(holding, again.seq, moment, () => ({ kind: 'dead', reason: 'again', error }));
      queue.commit(moment);
    }
  });

  it('cannot be given back at the end of a run, but reopen a finished run if no supervisor is running', () => {
    const { queue, store } = withLetter();
    for (const state of ['finishing', 'finished'] as const) {
      queue.setRun({ state, finishedAt: 5, exitCode: 3 });
      expect(() => queue.letters.giveBack([1], moment)).toThrow('retry dead letters after this run');
    }
    queue.commit(moment);
    const between = new Queue(store, store.run()!, { ...options, reopens: true });
    expect([between.letters.giveBack([7], moment), between.isDirty]).toEqual([[7], false]);
    expect(between.letters.giveBack([1], moment)).toEqual([]);
    between.commit(moment);
    expect(store.run()).toMatchObject({ state: 'sealed', finishedAt: null, exitCode: null, dead: 0 });
  });

  it('of an earlier run become items of this run when they are given back', () => {
    const { store } = withLetter();
    const next = queueOf(store, { run: 'r2', nextSeq: 2 });
    next.letters.giveBack([1], moment);
    expect([next.run.stored, next.run.dead]).toEqual([1, 0]);
    const other = queueOf(store, { run: 'r2', nextSeq: 2 });
    expect([other.letters.purge([1, 7]), other.run.stored, other.run.dead]).toEqual([[7], 0, 0]);
  });
});
