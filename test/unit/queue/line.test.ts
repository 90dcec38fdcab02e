import { describe, expect, it } from '@jest/globals';
import { Intervals } from '../../../src/core/intervals.ts';
import { fresh } from '../../../src/queue/open-frames.ts';
import { Line } from '../../../src/queue/line.ts';
import { memoryBytes, type StoredFrame } from '../../../src/queue/store.ts';
import { frameOf } from '../../contract/store.ts';

/** The stored frames, and how many frames each read returned. */
class Frames {
  readonly stored: StoredFrame[] = [];
  readonly reads: number[] = [];

  /** Stores a frame of `count` items after the others. */
  put(count: number, settled: [number, number][] = []): StoredFrame {
    const last = this.stored.at(-1);
    const first = last ? last.first + last.frame.count : 1;
    const texts = Array.from({ length: count }, (_, i) => `item ${first + i}`);
    const stored = { ...fresh(first, frameOf(...texts)), settled: Intervals.of(...settled) };
    this.stored.push(stored);
    return stored;
  }

  readFrames = (after: number, bytes: number): StoredFrame[] => {
    const found: StoredFrame[] = [];
    let size = 0;
    for (const stored of this.stored) {
      if (stored.first <= after) continue;
      size += memoryBytes(stored.frame);
      if (found.length > 0 && size > bytes) break;
      found.push(stored);
    }
    this.reads.push(found.length);
    return found;
  };
}

/** Takes runs until there are none. Returns the seqs of each. */
function takeAll(line: Line, items = 1000, bytes = 1e6): number[][] {
  const runs: number[][] = [];
  for (let run = line.take(items, bytes); run; run = line.take(items, bytes)) {
    const { from, piece } = run;
    runs.push(Array.from({ length: piece.count }, (_, i) => from + i));
  }
  return runs;
}

describe('the line', () => {
  it('returns one frame at a time, in order, without reading the store while they fit into memory', () => {
    const frames = new Frames();
    const line = new Line(frames, { windowBytes: 1e6, storedTo: 0 });
    for (const count of [3, 1, 2]) line.push(frames.put(count));
    expect(takeAll(line)).toEqual([[1, 2, 3], [4], [5, 6]]);
    expect(frames.reads).toEqual([]);
  });

  it('moves past a frame once it has returned every item that was not settled before the start', () => {
    const frames = new Frames();
    frames.put(6, [
      [1, 1],
      [4, 6],
    ]);
    const line = new Line(frames, { windowBytes: 1e6, storedTo: 6 });
    expect(line.take(2, 1e6)).toMatchObject({ from: 2, piece: { count: 2 } });
    expect([line.nextSeq, line.memoryBytes]).toEqual([7, 0]);
  });

  it('returns no more than was requested, but at least one item', () => {
    const frames = new Frames();
    const line = new Line(frames, { windowBytes: 1e6, storedTo: 0 });
    line.push(frames.put(5));
    expect(line.take(2, 1e6)).toMatchObject({ from: 1, piece: { count: 2 } });
    expect(line.take(10, 1)).toMatchObject({ from: 3, piece: { count: 1 } });
    // 'item 4' and 'item 5' take six bytes each.
    expect(line.take(10, 12)).toMatchObject({ from: 4, piece: { count: 2 } });
    expect(line.take(10, 12)).toBeUndefined();
  });

  it('skips items that were settled before the start', () => {
    const frames = new Frames();
    frames.put(5, [[1, 1], [3, 3]]); // prettier-ignore
    frames.put(2, [[6, 7]]);
    frames.put(3, [[9, 9]]);
    const line = new Line(frames, { windowBytes: 1e6, storedTo: 10 });
    expect(line.nextSeq).toBe(1);
    expect(takeAll(line)).toEqual([[2], [4, 5], [8], [10]]);
    expect(line.nextSeq).toBe(11);
  });

  it('keeps a backlog of a million items in the store, and returns each item once, in order', () => {
    const frames = new Frames();
    const windowBytes = 20_000;
    const line = new Line(frames, { windowBytes, storedTo: 0 });
    const count = 5000;
    const largest = memoryBytes(frameOf('item 100000')) + 200 * 20;
    for (let i = 0; i < count; i++) line.push(frames.put(200));
    let expected = 1;
    let most = 0;
    for (let run = line.take(150, 1e6); run; run = line.take(150, 1e6)) {
      expect(run.from).toBe(expected);
      expected = run.from + run.piece.count;
      most = Math.max(most, line.memoryBytes);
    }
    expect(expected).toBe(200 * count + 1);
    expect(most).toBeLessThanOrEqual(windowBytes + largest);
    expect(line.memoryBytes).toBe(0);
  });

  it('keeps many small frames within its window as well', () => {
    const frames = new Frames();
    const windowBytes = 10_000;
    for (let i = 0; i < 1000; i++) frames.put(1);
    const line = new Line(frames, { windowBytes, storedTo: 1000 });
    expect(line.nextSeq).toBe(1);
    expect(line.memoryBytes).toBeLessThanOrEqual(windowBytes);
    expect(takeAll(line)).toHaveLength(1000);
    expect(Math.max(...frames.reads)).toBeLessThan(20);
  });

  it('can hold a frame that is larger than its window', () => {
    const frames = new Frames();
    const line = new Line(frames, { windowBytes: 100, storedTo: 0 });
    for (const count of [50, 50]) line.push(frames.put(count));
    expect(takeAll(line).map((run) => run.length)).toEqual([50, 50]);
  });

  it('continues with newly stored frames, and keeps them in memory again once it has read the backlog', () => {
    const frames = new Frames();
    const line = new Line(frames, { windowBytes: 2000, storedTo: 0 });
    for (let i = 0; i < 10; i++) line.push(frames.put(1));
    expect(takeAll(line)).toHaveLength(10);
    const reads = frames.reads.length;
    line.push(frames.put(2));
    expect(takeAll(line)).toEqual([[11, 12]]);
    expect(frames.reads.length).toBe(reads);
  });

  it('continues after a gap in the seqs, which a power loss may leave', () => {
    const frames = new Frames();
    frames.put(2);
    const line = new Line(frames, { windowBytes: 1e6, storedTo: 1_000_000 });
    expect(takeAll(line)).toEqual([[1, 2]]);
    expect(line.nextSeq).toBe(1_000_001);
    line.push({ ...fresh(1_000_001, frameOf('a', 'b')) });
    expect(takeAll(line)).toEqual([[1_000_001, 1_000_002]]);
  });
});
