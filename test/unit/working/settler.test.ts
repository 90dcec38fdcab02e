import { describe, expect, it } from '@jest/globals';
import { Intervals } from '../../../src/core/intervals.ts';
import type { Settle } from '../../../src/ipc/messages.ts';
import { Settler } from '../../../src/working/settler.ts';
import { microtasks } from '../../support/microtasks.ts';

function aSettler(idle = 0): { settler: Settler; sent: Settle[] } {
  const sent: Settle[] = [];
  return {
    settler: new Settler(
      (message) => sent.push(message),
      () => ({ idle, ran: 2, tookMs: 9, blockedMs: 1 }),
    ),
    sent,
  };
}

const failure = (seq: number) =>
  ({ seq, verdict: 'retry', error: { code: 'E', message: 'm' }, afterMs: null }) as const;

describe('settling', () => {
  it('reports together the results of one tick, and how many more items the consumer can take', async () => {
    const { settler, sent } = aSettler(3);
    settler.done(Intervals.of([1, 4]));
    settler.failed(failure(5));
    settler.done(Intervals.of([6, 6]));
    expect(sent).toEqual([]);
    await microtasks();
    expect(sent).toEqual([
      { type: 'settle', done: [1, 4, 6, 6], failed: [failure(5)], idle: 3, ran: 2, tookMs: 9, blockedMs: 1 },
    ]);
  });

  it('reports no more failures at once than a message can carry; the rest follow', async () => {
    const { settler, sent } = aSettler();
    for (let seq = 1; seq <= 250; seq++) settler.failed(failure(seq));
    await microtasks();
    let isIdle = false;
    void settler.idle().then(() => (isIdle = true));
    for (let i = 0; i < 3; i++) {
      await microtasks();
      expect(isIdle).toBe(false);
      settler.settled();
    }
    await microtasks();
    expect(isIdle).toBe(true);
    expect(sent.map(({ failed }) => failed.length)).toEqual([100, 100, 50]);
    expect(sent.flatMap(({ failed }) => failed.map(({ seq }) => seq))).toEqual(
      Array.from({ length: 250 }, (_, i) => i + 1),
    );
  });

  it('is idle only when everything is confirmed', async () => {
    const { settler } = aSettler();
    await settler.idle();
    settler.done(Intervals.of([1, 1]));
    let isIdle = false;
    void settler.idle().then(() => (isIdle = true));
    await microtasks();
    expect(isIdle).toBe(false);
    settler.settled();
    await microtasks();
    expect(isIdle).toBe(true);
  });

  it('is not confused by a confirmation that it did not wait for', async () => {
    const { settler, sent } = aSettler();
    settler.settled();
    settler.done(Intervals.of([1, 1]));
    await microtasks();
    settler.settled();
    settler.settled();
    await settler.idle();
    expect(sent).toHaveLength(1);
  });
});
