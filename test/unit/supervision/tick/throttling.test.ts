import { describe, expect, it } from '@jest/globals';
import { EventBus } from '../../../../src/observability/events.ts';
import type { Queue } from '../../../../src/queue/queue.ts';
import { Throttling } from '../../../../src/supervision/tick/throttling.ts';

const marks = { highItems: 10, lowItems: 5, highBytes: 1000, lowBytes: 500 };

describe('the throttle', () => {
  it('leaves space until the queue reaches a high-water mark, and then none until it is at the low-water marks', () => {
    const stats = { open: 9, bytes: 999 };
    const queue = { stats } as Queue;
    const throttling = new Throttling({ queue, events: new EventBus() }, { marks, producing: { throttle() {} } });
    const spaceAt = (open: number, bytes: number): boolean => {
      Object.assign(stats, { open, bytes });
      const before = throttling.hasSpace;
      throttling.update({ hasToWait: false });
      return before;
    };
    expect(spaceAt(9, 999)).toBe(true);
    expect(spaceAt(10, 1)).toBe(false);
    expect(spaceAt(6, 1)).toBe(false);
    expect(spaceAt(5, 1)).toBe(false);
    expect(spaceAt(5, 1)).toBe(true);
    expect(spaceAt(1, 1000)).toBe(false);
  });

  it('leaves space for the next commit until 512 KiB wait for it', () => {
    const stats = { open: 1, bytes: 100_000 };
    const wide = { ...marks, highBytes: 2 ** 30, lowBytes: 2 ** 29 };
    const queue = { stats } as Queue;
    const throttling = new Throttling({ queue, events: new EventBus() }, { marks: wide, producing: { throttle() {} } });
    throttling.update({ hasToWait: false });
    stats.bytes += 512 * 1024 - 1;
    expect(throttling.hasSpace).toBe(true);
    stats.bytes += 1;
    expect(throttling.hasSpace).toBe(false);
    throttling.update({ hasToWait: false });
    expect(throttling.hasSpace).toBe(true);
  });
});
