import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Intervals } from '../../../../src/core/intervals.ts';
import { FrameEncoder } from '../../../../src/frame/codec.ts';
import { frameToPayload } from '../../../../src/frame/frame.ts';
import { Holding } from '../../../../src/queue/lending/holding.ts';
import type { Unread } from '../../../../src/queue/queue.ts';
import { ArrivedRows } from '../../../../src/supervision/roles/arrived-rows.ts';
import { UnreadResults } from '../../../../src/supervision/roles/unread-results.ts';

/** Items 1…`items`, held by a consumer; settled items are no longer open. */
function aDesk({
  items = 9,
  isOrdered = true,
  mostBytes = 1e6,
}: { items?: number; isOrdered?: boolean; mostBytes?: number } = {}) {
  const open = Intervals.of([1, items]);
  const holding = new Holding(1);
  const results = new UnreadResults({
    queue: {
      settle: (_, done) => {
        for (const [from, to] of done) open.delete(from, to);
        return 0;
      },
      keep: (_, seq) => ({ from: seq, to: seq }) as Unread,
      read: ({ from }) => void open.delete(from),
      get lowestUnsettled() {
        return open.first;
      },
    },
    isOrdered,
    mostBytes,
    retrying: [],
  });
  const rows = new ArrivedRows();
  const send = (seqs: number[]): void => {
    const encoder = new FrameEncoder({ maxItemBytes: 1e6 });
    for (const seq of seqs) encoder.add({ seq });
    const { header, parts } = frameToPayload(encoder.take());
    rows.add({ type: 'results', seqs, ...header }, Buffer.concat(parts));
  };
  return {
    results,
    /** The consumer is done with these items; those in `without` have no results. */
    done(seqs: number[], without: number[] = []): void {
      if (seqs.length > 0) send(seqs);
      results.done({
        holding,
        done: Intervals.of(...[...seqs, ...without].map((seq) => [seq, seq] as const)),
        rows,
        now: 0,
      });
    },
    /** An item has failed: it leaves its frame. */
    failed(seq: number): void {
      open.delete(seq);
      results.retries(seq);
    },
    /** Reads everything that can be read now. */
    readAll(): number[] {
      const read: number[] = [];
      for (let item = results.take(); item; item = results.take()) {
        read.push(item.seq);
        results.read(item.seq);
      }
      return read;
    },
  };
}

describe('unread results', () => {
  it('are read as their items finish', () => {
    const desk = aDesk({ isOrdered: false });
    desk.done([3, 1]);
    desk.done([2]);
    expect(desk.readAll()).toEqual([1, 3, 2]);
  });

  it('in the order of the items wait for all earlier items, including failed ones', () => {
    const desk = aDesk();
    desk.done([3, 2]);
    expect(desk.results.isHeldUp).toBe(true);
    expect(desk.readAll()).toEqual([]);
    desk.failed(1);
    expect(desk.readAll()).toEqual([]);
    desk.done([1]);
    expect(desk.readAll()).toEqual([1, 2, 3]);
    expect(desk.results.isHeldUp).toBe(false);
  });

  it('wait neither for a dead letter nor for an item without results', () => {
    const desk = aDesk();
    desk.done([3]);
    desk.failed(1);
    desk.results.dead(1);
    expect(desk.readAll()).toEqual([]);
    desk.done([], [2]);
    expect(desk.readAll()).toEqual([3]);
  });

  it('come again if they are put back, and nothing else is read before that', () => {
    const desk = aDesk({ isOrdered: false });
    desk.done([1, 2]);
    expect(desk.results.take()).toMatchObject({ seq: 1 });
    expect(desk.results.take()).toBeUndefined();
    desk.results.putBack(1);
    expect(desk.readAll()).toEqual([1, 2]);
  });

  it('count as too many until enough of them are read', () => {
    const desk = aDesk({ mostBytes: 250 });
    desk.done([1, 2]);
    expect(desk.results.isFull).toBe(false);
    desk.done([3]);
    expect(desk.results.isFull).toBe(true);
    desk.results.take();
    desk.results.read(1);
    expect(desk.results.isFull).toBe(false);
  });

  it('in the order of the items are each read once, in that order, whatever happens to the items', () => {
    const items = 12;
    const order = fc.shuffledSubarray(
      Array.from({ length: items }, (_, i) => i + 1),
      { minLength: items },
    );
    const kinds = fc.array(fc.constantFrom('done', 'failed', 'dead', 'empty'), { minLength: items, maxLength: items });
    fc.assert(
      fc.property(order, kinds, (seqs, kind) => {
        const desk = aDesk({ items });
        const read: number[] = [];
        for (const seq of seqs) {
          const what = kind[seq - 1]!;
          if (what === 'failed' || what === 'dead') desk.failed(seq);
          if (what === 'dead') desk.results.dead(seq);
          if (what === 'empty') desk.done([], [seq]);
          if (what === 'done') desk.done([seq]);
          read.push(...desk.readAll());
        }
        for (const seq of seqs) if (kind[seq - 1] === 'failed') desk.done([seq]);
        read.push(...desk.readAll());
        expect(read).toEqual(
          [...seqs].toSorted((a, b) => a - b).filter((seq) => ['done', 'failed'].includes(kind[seq - 1]!)),
        );
      }),
    );
  });
});
