import { describe, expect, it } from '@jest/globals';
import { Intervals } from '../../../src/core/intervals.ts';
import { MemorySpool } from '../../../src/queue/memory-spool.ts';
import { aRun, frameOf, group } from '../../contract/store.ts';

const consumer = { run: 'r1', role: 'consumer', ordinal: 1, pid: 4711, started: '123', boot: 'b' } as const;

describe('a spool in memory', () => {
  it('counts the supervisors in a row that were killed, until one closes it or an item is settled', () => {
    const place = new MemorySpool();
    place.open();
    place.open().store.commit(group({ frames: [{ first: 1, frame: frameOf('a', 'b') }], trial: 1 }));
    const third = place.open();
    expect([third.wasClean, third.predecessors]).toEqual([false, { uncleanStarts: 2, trial: 1 }]);
    third.store.commit(group({ progress: [{ first: 1, count: 2, settled: Intervals.of([1, 1]) }] }));
    const fourth = place.open();
    expect(fourth.predecessors).toEqual({ uncleanStarts: 1, trial: 1 });
    fourth.close();
    const fifth = place.open();
    expect([fifth.wasClean, fifth.predecessors]).toEqual([true, { uncleanStarts: 0, trial: null }]);
  });

  it('has a new id for each start, and keeps its items and writers', () => {
    const place = new MemorySpool();
    const first = place.open();
    first.store.commit(group({ run: { ...aRun, nextSeq: 3 }, frames: [{ first: 1, frame: frameOf('a', 'b') }] }));
    first.writers.register(consumer);
    const second = place.open();
    expect(second.store.totals().items).toBe(2);
    expect(second.writers.notEnded()).toEqual([{ writer: 1, ...consumer }]);
    expect(second.start).toMatchObject({ generation: 2, ids: ['start 2', 'start 1'], nextSeq: [3, 1] });
  });

  it('is independent of its copy, and later starts of the two have different ids', () => {
    const place = new MemorySpool();
    place.open().store.commit(group({ frames: [{ first: 1, frame: frameOf('a', 'b') }] }));
    const copy = place.copy();
    const original = place.open();
    original.store.commit(group({ progress: [{ first: 1, count: 2, settled: Intervals.of([1, 2]) }] }));
    original.writers.register(consumer);
    const other = copy.open();
    expect([original.store.totals().items, other.store.totals().items]).toEqual([0, 2]);
    expect(other.writers.notEnded()).toEqual([]);
    expect(original.start.ids[0]).not.toBe(other.start.ids[0]);
    expect(original.start.ids[1]).toBe(other.start.ids[1]);
  });
});
