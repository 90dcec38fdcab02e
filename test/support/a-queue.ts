import type { Frame } from '../../src/frame/frame.ts';
import { MemoryStore } from '../../src/queue/memory-store.ts';
import { Queue } from '../../src/queue/queue.ts';
import type { RunRecord } from '../../src/queue/store.ts';

/** The record of a run that has just begun. */
export function aRun(overrides: Partial<RunRecord> = {}): RunRecord {
  return {
    run: 'run-1',
    state: 'running',
    fingerprint: 'version 1',
    position: { cursor: null, count: 0, digest: null },
    nextSeq: 1,
    stored: 0,
    done: 0,
    dead: 0,
    doneElsewhere: 0,
    params: {},
    startedAt: 0,
    finishedAt: null,
    exitCode: null,
    ...overrides,
  };
}

/** A queue in memory that holds these frames, committed. */
export function aQueue(frames: readonly Frame[], run: Partial<RunRecord> = {}, store = new MemoryStore()): Queue {
  const queue = new Queue(store, aRun(run), { windowBytes: 16 * 1024 * 1024 });
  let count = 0;
  for (const frame of frames) {
    count += frame.count;
    queue.append(frame, { cursor: null, count, digest: null });
  }
  queue.commit({ now: 0, wall: 0 });
  return queue;
}
