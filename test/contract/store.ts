/** What all stores of the queue must do. Run on each implementation by store.test.ts. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { errorKind } from '../../src/core/error-kind.ts';
import type { ErrorData } from '../../src/core/errors.ts';
import { Intervals } from '../../src/core/intervals.ts';
import type { LimitRecord } from '../../src/core/limit-record.ts';
import { cutFrame, frameBytes, joinItems, type Frame } from '../../src/frame/frame.ts';
import { sourceStart } from '../../src/frame/position.ts';
import {
  emptyGroup,
  memoryBytes,
  type DeadRecord,
  type Group,
  type RetryRecord,
  type RunRecord,
  type Store,
} from '../../src/queue/store.ts';

export const aRun: RunRecord = {
  run: 'r1',
  state: 'running',
  fingerprint: 'f1',
  position: sourceStart,
  nextSeq: 1,
  stored: 0,
  done: 0,
  dead: 0,
  doneElsewhere: 0,
  params: {},
  startedAt: 1_700_000_000_000,
  finishedAt: null,
  exitCode: null,
};

export const error = { code: 'E', message: 'ünï', stack: 'at', cause: { code: 'C', message: 'why' } };

export function group(changes: Partial<Group> = {}): Group {
  return {
    run: aRun,
    ...emptyGroup(),
    ...changes,
  };
}

export function limitRecord(limit: string, frozenMs: number): LimitRecord {
  return { limit, wall: 1000, frozenMs, calls: [5, 1, 2, 3] };
}

/** A frame of items with these texts. */
export function frameOf(...texts: string[]): Frame {
  return joinItems(
    Buffer.from('[["key"]]'),
    texts.map((text) => Buffer.from(text)),
  );
}

export function retryOf(seq: number, changes: Partial<RetryRecord> = {}): RetryRecord {
  return {
    seq,
    origin: seq,
    dueAt: 1000 + seq,
    delayMs: 500,
    attempt: 2,
    kills: 0,
    ownFault: 7,
    error,
    frame: frameOf(`item ${seq}`),
    ...changes,
  };
}

export function deadOf(seq: number, changes: Partial<DeadRecord> = {}): DeadRecord {
  return {
    seq,
    origin: seq,
    run: 'r1',
    kills: 0,
    attempts: 5,
    reason: 'failed 5 times',
    error,
    diedAt: 1_700_000_000_001,
    frame: frameOf(`item ${seq}`),
    ...changes,
  };
}

/** What a store remembers about `error` at that time. */
function past(at: number) {
  return { at, code: 'E', message: 'ünï: why' };
}

function progressOf(first: number, count: number, ...settled: [number, number][]) {
  return { first, count, settled: Intervals.of(...settled) };
}

/** Everything that can be read from a store. */
function everything(store: Store): unknown {
  return {
    run: store.run(),
    totals: store.totals(),
    limits: store.limits(),
    frames: store.readFrames(0, Infinity).map(({ first, frame, settled }) => [first, frame, settled.toFlat()]),
    retries: store.readRetryHeads(1000).map((head) => [head, store.readRetry(head.seq)]),
    dead: store.readDead({ after: 0, limit: 1000 }),
  };
}

export function describeStore(open: () => { store: Store; close: () => void }): void {
  describe('the store of the queue', () => {
    let store: Store;
    let close: () => void;

    beforeEach(() => {
      ({ store, close } = open());
    });
    afterEach(() => {
      close();
    });

    it('is empty at first', () => {
      expect(everything(store)).toEqual({
        run: undefined,
        totals: { items: 0, bytes: 0, retrying: 0 },
        limits: [],
        frames: [],
        retries: [],
        dead: [],
      });
      expect(store.readFrameOf(1)).toBeUndefined();
      expect(store.readRetry(1)).toBeUndefined();
    });

    it('returns the run as it was last committed, with every field', () => {
      const changed: RunRecord = {
        run: 'r1',
        state: 'finished',
        fingerprint: 'f2',
        position: { cursor: '{"page":7}', count: 3, digest: '0123456789abcdef' },
        nextSeq: 9_000_000_000_000,
        stored: 5,
        done: 3,
        dead: 2,
        doneElsewhere: 2,
        params: { shelf: 'A', most: 3 },
        startedAt: aRun.startedAt,
        finishedAt: 1_800_000_000_000,
        exitCode: 3,
      };
      store.commit(group());
      expect(store.run()).toEqual(aRun);
      store.commit(group({ run: changed }));
      expect(store.run()).toEqual(changed);
    });

    it('returns the latest of several runs', () => {
      store.commit(group());
      store.commit(group({ run: { ...aRun, run: 'r0', nextSeq: 7 } }));
      expect(store.run()).toMatchObject({ run: 'r0', nextSeq: 7 });
    });

    it('returns frames unchanged and in order, from a seq on', () => {
      const frames = [
        { first: 1, frame: frameOf('a', 'b', 'c') },
        { first: 4, frame: frameOf('d') },
        { first: 5, frame: frameOf('e', 'f') },
      ];
      store.commit(group({ frames: frames.slice(0, 2) }));
      store.commit(group({ frames: frames.slice(2) }));
      const firsts = (after: number): number[] => store.readFrames(after, Infinity).map(({ first }) => first);
      expect([firsts(0), firsts(1), firsts(3), firsts(4), firsts(5)]).toEqual([[1, 4, 5], [4, 5], [4, 5], [5], []]);
      expect(store.readFrames(0, Infinity).map(({ first, frame }) => ({ first, frame }))).toEqual(frames);
      expect(store.readFrames(0, Infinity).map(({ settled }) => settled.size)).toEqual([0, 0, 0]);
    });

    it('returns as many frames as fit into a number of bytes of memory, and at least one', () => {
      const frames = [1, 2, 3, 4].map((first) => ({ first, frame: frameOf('x'.repeat(first * 100)) }));
      store.commit(group({ frames }));
      const sizes = frames.map(({ frame }) => memoryBytes(frame));
      const count = (bytes: number): number => store.readFrames(0, bytes).length;
      expect([0, 1, sizes[0]!, sizes[0]! + sizes[1]! - 1].map(count)).toEqual([1, 1, 1, 1]);
      expect([sizes[0]! + sizes[1]!, sizes[0]! + sizes[1]! + sizes[2]!].map(count)).toEqual([2, 3]);
    });

    it('finds the frame of an item, but no frame for an item that has left its frame', () => {
      const frames = [
        { first: 1, frame: frameOf('a', 'b', 'c') },
        { first: 10, frame: frameOf('d', 'e') },
      ];
      store.commit(group({ frames }));
      const found = [0, 1, 3, 4, 9, 10, 11, 12].map((seq) => store.readFrameOf(seq)?.first);
      expect(found).toEqual([undefined, 1, 1, undefined, undefined, 10, 10, undefined]);
    });

    it('keeps cursors until they are confirmed, and finds the newest cursor that ends before an item', () => {
      expect([store.newestCursor(), store.cursorBelow(100)]).toEqual([0, undefined]);
      const cursors = [
        { id: 1, seq: 3, cursor: '{"at":3}' },
        { id: 2, seq: 7, cursor: '{"at":7}' },
        { id: 3, seq: 7, cursor: '{"at":"7, without another item"}' },
        { id: 4, seq: 9, cursor: '9' },
      ];
      store.commit(group({ cursors: cursors.slice(0, 2) }));
      store.commit(group({ cursors: cursors.slice(2) }));
      expect(store.newestCursor()).toBe(4);
      expect([3, 4, 7, 8, 9, 10].map((seq) => store.cursorBelow(seq)?.id)).toEqual([undefined, 1, 1, 3, 3, 4]);
      expect(store.cursorBelow(8)).toEqual(cursors[2]);
      store.commit(group({ confirmedCursor: 2 }));
      expect([store.cursorBelow(7), store.cursorBelow(8)?.id, store.newestCursor()]).toEqual([undefined, 3, 4]);
      store.commit(group({ confirmedCursor: 4 }));
      expect([store.cursorBelow(100), store.newestCursor()]).toEqual([undefined, 0]);
    });

    it('records which items of a frame are settled, and deletes the frame when all of them are', () => {
      store.commit(
        group({
          frames: [
            { first: 1, frame: frameOf('a', 'b', 'c') },
            { first: 4, frame: frameOf('d') },
          ],
        }),
      );
      store.commit(group({ progress: [progressOf(1, 3, [1, 1], [3, 3]), progressOf(4, 1, [4, 4])] }));
      expect(store.readFrameOf(2)?.settled.toFlat()).toEqual([1, 1, 3, 3]);
      expect(store.readFrameOf(4)).toBeUndefined();
      expect(store.totals()).toEqual({ items: 1, bytes: frameBytes(frameOf('a', 'b', 'c')), retrying: 0 });
      store.commit(group({ progress: [progressOf(1, 3, [1, 3])] }));
      expect(store.readFrames(0, Infinity)).toEqual([]);
    });

    it('shares no mutable data with callers that commit or read', () => {
      const progress = progressOf(1, 3, [1, 1]);
      store.commit(group({ frames: [{ first: 1, frame: frameOf('a', 'b', 'c') }] }));
      store.commit(group({ progress: [progress] }));
      progress.settled.add(2);
      store.readFrameOf(1)?.settled.add(3);
      store.readFrames(0, Infinity)[0]?.settled.add(3);
      expect(store.readFrameOf(1)?.settled.toFlat()).toEqual([1, 1]);
    });

    it('returns the retries that are due first, then by the lowest seq, without their items', () => {
      store.commit(
        group({ retries: [retryOf(5, { dueAt: 30 }), retryOf(7, { dueAt: 10 }), retryOf(6, { dueAt: 30 })] }),
      );
      const { error: failed, frame: _frame, ...head } = retryOf(7, { dueAt: 10 });
      expect(store.readRetryHeads(10).map(({ seq }) => seq)).toEqual([7, 5, 6]);
      expect(store.readRetryHeads(1)).toEqual([{ ...head, kind: errorKind(failed) }]);
      expect(store.readRetryHead(7)).toEqual({ ...head, kind: errorKind(failed) });
      expect(store.readRetryHead(8)).toBeUndefined();
      expect(store.readRetrySeqs(10)).toEqual([5, 6, 7]);
      expect(store.readRetrySeqs(2)).toEqual([5, 6]);
    });

    it('returns the error of each retry', () => {
      const other = { code: 'B', message: 'another' };
      store.commit(group({ retries: [retryOf(5), retryOf(7, { error: other }), retryOf(6)] }));
      store.commit(group({ retries: [retryOf(6, { frame: null, error: other })], retriesGone: [5] }));
      const seen: ErrorData[] = [];
      store.visitRetryErrors((each) => seen.push(each));
      expect(seen).toEqual([other, other]);
    });

    it('keeps the item of a retry separately, from any place in its frame', () => {
      const frame = cutFrame(frameOf('a', 'bb', 'ccc'), 1, 1);
      store.commit(group({ retries: [retryOf(2, { frame })] }));
      expect(store.readRetry(2)).toEqual(frameOf('bb'));
      expect(store.totals()).toEqual({ items: 0, bytes: frameBytes(frameOf('bb')), retrying: 1 });
    });

    it('changes a retry without touching its item, and forgets it when it is settled', () => {
      store.commit(group({ retries: [retryOf(2), retryOf(3)] }));
      store.commit(
        group({ retries: [retryOf(2, { frame: null, attempt: 3, kills: 1, ownFault: 8, dueAt: 9000, delayMs: 70 })] }),
      );
      expect(store.readRetryHeads(10)[1]).toMatchObject({
        seq: 2,
        origin: 2,
        dueAt: 9000,
        delayMs: 70,
        attempt: 3,
        kills: 1,
        ownFault: 8,
      });
      expect(store.readRetry(2)).toEqual(frameOf('item 2'));
      store.commit(group({ retriesGone: [2] }));
      expect(store.readRetrySeqs(10)).toEqual([3]);
      expect(store.readRetry(2)).toBeUndefined();
    });

    it('returns dead letters unchanged and by seq, from a seq on and up to a limit', () => {
      const piece = cutFrame(frameOf('a', 'bb'), 1, 1);
      const history = [past(1_700_000_000_001)];
      store.commit(group({ dead: [deadOf(8), deadOf(3)] }));
      store.commit(group({ dead: [deadOf(5, { run: 'r0', origin: 1, frame: piece })] }));
      expect(store.readDead({ after: 0, limit: 10 })).toEqual([
        { ...deadOf(3), history },
        { ...deadOf(5, { run: 'r0', origin: 1, frame: frameOf('bb') }), history },
        { ...deadOf(8), history },
      ]);
      const { frame, ...head } = deadOf(3);
      expect(store.readDeadHeads({ after: 0, limit: 1 })).toEqual([{ ...head, history, bytes: frameBytes(frame) }]);
      expect(store.readDead({ after: 3, limit: 1 }).map(({ seq }) => seq)).toEqual([5]);
      expect(store.readDead({ after: 8, limit: 10 })).toEqual([]);
    });

    it('remembers the latest ten errors of an item, from its first retry to its death', () => {
      store.commit(group({ retries: [retryOf(2, { dueAt: 150, delayMs: 50 })] }));
      for (let at = 200; at <= 900; at += 100) {
        store.commit(group({ retries: [retryOf(2, { frame: null, dueAt: at + 7, delayMs: 7 })] }));
      }
      store.commit(group({ retriesGone: [2], dead: [deadOf(2, { diedAt: 1000 })] }));
      const hundreds = [100, 200, 300, 400, 500, 600, 700, 800, 900, 1000];
      expect(store.readDead({ after: 0, limit: 1 })[0]?.history).toEqual(hundreds.map(past));
      store.commit(group({ revived: [{ from: 2, seq: 9, origin: 2, dueAt: 1050, frame: null }] }));
      store.commit(group({ retriesGone: [9], dead: [deadOf(9, { origin: 2, diedAt: 1100 })] }));
      expect(store.readDead({ after: 0, limit: 1 })[0]?.history).toEqual([...hundreds.slice(1), 1100].map(past));
    });

    it('records which sinks have an item, from retry to retry, in its dead letter, and after the letter is given back', () => {
      store.commit(group({ retries: [retryOf(2, { inSinks: ['a'] }), retryOf(3)] }));
      store.commit(group({ retries: [retryOf(2, { frame: null, inSinks: ['a', 'b'] })] }));
      expect(store.readRetryHeads(9).map(({ seq, inSinks }) => [seq, inSinks])).toEqual([
        [2, ['a', 'b']],
        [3, undefined],
      ]);
      store.commit(group({ retriesGone: [2, 3], dead: [deadOf(2, { inSinks: ['a', 'b'] }), deadOf(3)] }));
      expect(store.readDeadHeads({ after: 0, limit: 9 }).map(({ inSinks }) => inSinks)).toEqual([
        ['a', 'b'],
        undefined,
      ]);
      store.commit(group({ revived: [{ from: 2, seq: 9, origin: 2, dueAt: 1050, frame: null }] }));
      expect(store.readRetryHeads(9)).toMatchObject([{ seq: 9, inSinks: ['a', 'b'] }]);
    });

    it('knows which run assigned a seq', () => {
      store.commit(group({ run: { ...aRun, run: 'r1', nextSeq: 4 } }));
      store.commit(group({ run: { ...aRun, run: 'r1', nextSeq: 6, state: 'finished', finishedAt: 1, exitCode: 0 } }));
      store.commit(group({ run: { ...aRun, run: 'r2', nextSeq: 9 } }));
      expect([1, 5, 6, 8, 9].map((seq) => store.runOf(seq))).toEqual(['r1', 'r1', 'r2', 'r2', undefined]);
    });

    it('lists the runs before one, the latest first', () => {
      for (const run of ['r1', 'r2', 'r3']) store.commit(group({ run: { ...aRun, run } }));
      expect([store.runsBefore('r3'), store.runsBefore('r4')]).toEqual([
        ['r2', 'r1'],
        ['r3', 'r2', 'r1'],
      ]);
    });

    it('does not record an error twice for an item that dies without failing again', () => {
      store.commit(group({ retries: [retryOf(2, { dueAt: 150, delayMs: 50 })] }));
      store.commit(group({ retriesGone: [2], dead: [deadOf(2, { diedAt: 1000, isKnownError: true })] }));
      const { frame: _, ...head } = deadOf(2, { diedAt: 1000 });
      expect(store.readDeadHeads({ after: 0, limit: 1 })).toMatchObject([{ ...head, history: [past(100)] }]);
      expect(store.readDead({ after: 0, limit: 1 })).toEqual([
        { ...deadOf(2, { diedAt: 1000 }), history: [past(100)] },
      ]);
    });

    it('shortens long errors', () => {
      store.commit(group({ dead: [deadOf(2, { error: { code: 'E', message: 'x'.repeat(600) } })] }));
      expect(store.readDead({ after: 0, limit: 1 })[0]?.history[0]?.message).toBe(`${'x'.repeat(500)}…`);
    });

    it('turns dead letters into due retries, unchanged or with another item, and deletes the letters', () => {
      store.commit(group({ dead: [deadOf(3, { origin: 1 }), deadOf(4), deadOf(5)] }));
      store.commit(
        group({
          revived: [
            { from: 3, seq: 20, origin: 1, dueAt: 77, frame: null },
            { from: 4, seq: 21, origin: 4, dueAt: 78, frame: cutFrame(frameOf('a', 'edited'), 1, 1) },
          ],
          purged: [5],
        }),
      );
      expect(store.readDead({ after: 0, limit: 10 })).toEqual([]);
      const due = { delayMs: 0, attempt: 1, kills: 0, ownFault: 0 };
      expect(store.readRetryHeads(10)).toMatchObject([
        { ...due, seq: 20, origin: 1, dueAt: 77 },
        { ...due, seq: 21, origin: 4, dueAt: 78 },
      ]);
      expect([store.readRetry(20), store.readRetry(21)]).toEqual([frameOf('item 3'), frameOf('edited')]);
      const bytes = frameBytes(frameOf('item 3')) + frameBytes(frameOf('edited'));
      expect(store.totals()).toEqual({ items: 0, bytes, retrying: 2 });
    });

    it('returns the last record of each limit', () => {
      store.commit(group({ limits: [limitRecord('a', 1), limitRecord('b', 2)] }));
      store.commit(group({ limits: [limitRecord('a', 3), limitRecord('a', 4)] }));
      expect(store.limits().toSorted((a, b) => a.limit.localeCompare(b.limit))).toEqual([
        limitRecord('a', 4),
        limitRecord('b', 2),
      ]);
    });

    it.each<[string, Partial<Group>]>([
      ['a frame that already exists', { frames: [{ first: 1, frame: frameOf('again') }] }],
      ['progress of a frame that does not exist', { progress: [progressOf(2, 3, [2, 2])] }],
      ['the end of a frame that does not exist', { progress: [progressOf(2, 1, [2, 2])] }],
      ['another time for a retry that does not exist', { retries: [retryOf(9, { frame: null })] }],
      ['a retry that already exists', { retries: [retryOf(50)] }],
      ['the end of a retry that does not exist', { retriesGone: [9] }],
      ['a dead letter that already exists', { dead: [deadOf(60)] }],
      [
        'the revival of a dead letter that does not exist',
        { revived: [{ from: 9, seq: 70, origin: 9, dueAt: 0, frame: null }] },
      ],
      ['the end of a dead letter that does not exist', { purged: [9] }],
    ])('commits nothing from a group with %s', (_, wrong) => {
      const frames = [{ first: 1, frame: frameOf('a', 'b') }];
      store.commit(group({ frames, retries: [retryOf(50)], dead: [deadOf(60)], limits: [limitRecord('a', 1)] }));
      const before = everything(store);
      const right = group({
        run: { ...aRun, nextSeq: 99 },
        frames: [{ first: 100, frame: frameOf('new') }],
        progress: [progressOf(1, 2, [1, 1])],
        retries: [retryOf(51), retryOf(50, { frame: null, dueAt: 1 })],
        dead: [deadOf(61)],
        limits: [limitRecord('a', 2)],
      });
      const both = group({ ...right });
      for (const part of ['frames', 'progress', 'retries', 'retriesGone', 'dead', 'revived', 'purged'] as const) {
        Object.assign(both, { [part]: [...right[part], ...(wrong[part] ?? [])] });
      }
      expect(() => store.commit(both)).toThrow(/frame|retr(y|ies)|dead/i);
      expect(everything(store)).toEqual(before);
      store.commit(right);
      expect(store.run()?.nextSeq).toBe(99);
    });

    it('counts its content correctly after any commits', () => {
      const change = fc.record({ frame: fc.nat(4), settle: fc.nat(5), fails: fc.boolean(), goes: fc.boolean() });
      fc.assert(
        fc.property(fc.array(change, { maxLength: 15 }), (changes) => {
          const { store: fresh, close: closeFresh } = open();
          let nextSeq = 1;
          const frames = new Map<number, { frame: Frame; settled: Intervals }>();
          const retries = new Map<number, Frame>();
          for (const { frame: items, settle, fails, goes } of changes) {
            const next = group({ run: { ...aRun, nextSeq } });
            const [first, oldest] = [...frames][0] ?? [];
            if (first !== undefined && oldest && settle > 0) {
              const last = Math.min(first + settle, first + oldest.frame.count) - 1;
              if (fails && !oldest.settled.has(last)) {
                const frame = cutFrame(oldest.frame, last - first, 1);
                next.retries.push(retryOf(last, { frame }));
                retries.set(last, frameOf(frame.body.toString()));
              }
              oldest.settled.add(first, last);
              next.progress.push({ first, count: oldest.frame.count, settled: oldest.settled });
              if (oldest.settled.size === oldest.frame.count) frames.delete(first);
            }
            const [seq] = retries.keys();
            if (goes && seq !== undefined && next.retries.every((retry) => retry.seq !== seq)) {
              next.retriesGone.push(seq);
              retries.delete(seq);
            }
            if (items > 0) {
              const frame = frameOf(...Array.from({ length: items }, (_, i) => `item ${nextSeq + i}`));
              next.frames.push({ first: nextSeq, frame });
              frames.set(nextSeq, { frame, settled: new Intervals() });
              nextSeq += items;
            }
            fresh.commit(next);
            const left = [...frames.values()];
            expect(fresh.totals()).toEqual({
              items: left.reduce((sum, { frame, settled }) => sum + frame.count - settled.size, 0),
              bytes: [...left.map(({ frame }) => frame), ...retries.values()].reduce(
                (sum, f) => sum + frameBytes(f),
                0,
              ),
              retrying: retries.size,
            });
          }
          closeFresh();
        }),
        { numRuns: 30 },
      );
    });
  });
}
