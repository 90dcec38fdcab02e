import { Intervals } from '../../../src/core/intervals.ts';
import { FrameEncoder } from '../../../src/frame/codec.ts';
import type { Frame } from '../../../src/frame/frame.ts';
import type { Spool } from '../../../src/queue/spool/spool.ts';
import type { DeadRecord, FrameProgress, RetryRecord, RunRecord } from '../../../src/queue/store.ts';

const error = { code: 'E', message: 'failed' };

/**
 * A queue at work, as its supervisor commits it. Each commit stores three items. One item of an earlier frame is
 * done; of an even earlier frame, one item waits for a retry and the last one is dead, so that the frame is deleted.
 */
export class AtWork {
  run: RunRecord;
  readonly #spool: Spool;
  readonly #random: () => number;
  readonly #open: number[] = [];
  readonly #begun = new Set<number>();

  constructor(spool: Spool, random: () => number, run: RunRecord) {
    this.#spool = spool;
    this.#random = random;
    this.run = run;
  }

  commit(): void {
    const first = this.run.nextSeq;
    this.#open.push(first);
    const [oldest, next] = this.#open.length > 8 ? this.#open : [];
    const isAnyOld = oldest !== undefined && next !== undefined;
    const done = isAnyOld ? [oldest, next].filter((seq) => !this.#begun.has(seq)) : [];
    if (isAnyOld) this.#open.shift();
    for (const seq of done) this.#begun.add(seq);
    const run = {
      ...this.run,
      nextSeq: first + 3,
      stored: this.run.stored + 3,
      done: this.run.done + done.length,
      dead: this.run.dead + (isAnyOld ? 1 : 0),
      position: { cursor: `${first}`, count: 0, digest: null },
    };
    this.#spool.store.commit({
      run,
      frames: [{ first, frame: itemsFrom(first, this.#random) }],
      progress: isAnyOld ? [settled(oldest, oldest + 2), settled(next, next)] : [],
      retries: isAnyOld ? [retryOf(oldest + 1)] : [],
      retriesGone: [],
      dead: isAnyOld ? [deadOf(oldest + 2, run.run)] : [],
      revived: [],
      purged: [],
      limits: [{ limit: 'vendor', wall: first, frozenMs: 0, calls: [] }],
      cursors: [],
    });
    this.run = run;
  }
}

function itemsFrom(first: number, random: () => number): Frame {
  const text = Array.from({ length: 500 }, () => Math.floor(random() * 1e9).toString(36)).join('');
  return frameOf([0, 1, 2].map((i) => ({ seq: first + i, text: text.repeat(1 + Math.floor(random() * 12)) })));
}

function settled(first: number, to: number): FrameProgress {
  return { first, count: 3, settled: Intervals.of([first, to]) };
}

function retryOf(seq: number): RetryRecord {
  const frame = frameOf([{ seq }]);
  return { seq, origin: seq, dueAt: seq, delayMs: 500, attempt: 2, kills: 0, ownFault: 0, error, frame };
}

function deadOf(seq: number, run: string): DeadRecord {
  const frame = frameOf([{ seq }]);
  return { seq, origin: seq, run, attempts: 5, kills: 0, reason: 'no', error, diedAt: seq, frame };
}

function frameOf(items: readonly unknown[]): Frame {
  const encoder = new FrameEncoder({ maxItemBytes: Infinity });
  for (const item of items) encoder.add(item);
  return encoder.take();
}
