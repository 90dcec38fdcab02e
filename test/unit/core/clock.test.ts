import { getEventListeners } from 'node:events';
import { describe, expect, it, jest } from '@jest/globals';
import { pause, systemClock } from '../../../src/core/clock.ts';
import { HandClock } from '../../support/hand-clock.ts';

describe('a pause', () => {
  it('ends at its time, not before, and leaves no timer behind', async () => {
    const clock = new HandClock();
    const abort = new AbortController();
    let isOver = false;
    const paused = pause(clock, 1000, abort.signal).then(() => (isOver = true));
    clock.turn(999);
    await Promise.resolve();
    expect(isOver).toBe(false);
    clock.turn(1);
    await paused;
    expect(clock.waiting).toBe(0);
    expect(getEventListeners(abort.signal, 'abort')).toEqual([]);
  });

  it('ends at once when it is aborted, and cancels its timer', async () => {
    const clock = new HandClock();
    const abort = new AbortController();
    const paused = pause(clock, 1000, abort.signal);
    abort.abort();
    await expect(paused).resolves.toBeUndefined();
    expect(clock.waiting).toBe(0);
  });

  it('does not begin if it was already aborted', async () => {
    const clock = new HandClock();
    await pause(clock, 1000, AbortSignal.abort());
    expect(clock.waiting).toBe(0);
  });
});

describe('the machine’s clock', () => {
  const month = 30 * 24 * 3600 * 1000;

  it('calls neither at once nor too early when the time is too long for Node’s timers', () => {
    jest.useFakeTimers();
    try {
      const called = jest.fn();
      systemClock.after(month, called);
      jest.advanceTimersByTime(month - 1);
      expect(called).not.toHaveBeenCalled();
      jest.advanceTimersByTime(1);
      expect(called).toHaveBeenCalledTimes(1);
    } finally {
      jest.useRealTimers();
    }
  });

  it('does not call a cancelled timer, at whatever point of a long time it was cancelled', () => {
    jest.useFakeTimers();
    try {
      const called = jest.fn();
      const cancel = systemClock.after(month, called);
      jest.advanceTimersByTime(month - 1);
      cancel();
      cancel();
      expect(jest.getTimerCount()).toBe(0);
      const cancelEvery = systemClock.every(1000, called);
      cancelEvery();
      expect(jest.getTimerCount()).toBe(0);
      expect(called).not.toHaveBeenCalled();
    } finally {
      jest.useRealTimers();
    }
  });

  it('treats a time in the past as now', () => {
    jest.useFakeTimers();
    try {
      const called = jest.fn();
      systemClock.after(-5, called);
      jest.advanceTimersByTime(0);
      expect(called).toHaveBeenCalledTimes(1);
    } finally {
      jest.useRealTimers();
    }
  });

  it('ends a tick after the promises of that tick', async () => {
    const order: string[] = [];
    await new Promise<void>((resolve) => {
      systemClock.soon(() => {
        order.push('soon');
        resolve();
      });
      void Promise.resolve().then(() => order.push('promise'));
    });
    expect(order).toEqual(['promise', 'soon']);
  });
});
