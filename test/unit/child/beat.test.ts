import { describe, expect, it } from '@jest/globals';
import { startBeat } from '../../../src/child/beat.ts';
import type { Beat } from '../../../src/ipc/messages.ts';
import { parse } from '../../../src/ipc/parse.ts';
import { HandClock } from '../../support/hand-clock.ts';

describe('the beat', () => {
  it('comes at once and then at regular intervals, reports what the process is doing, and stops when it is cancelled', () => {
    const clock = new HandClock();
    const beats: Beat[] = [];
    let lent = 0;
    const cancel = startBeat({
      clock,
      beatMs: 1000,
      rss: () => 5e6,
      send: (beat) => beats.push(beat),
      state: () => ({ lent: ++lent, started: 1, oldestMs: 12.5, waiting: null }),
    });
    expect(beats).toHaveLength(1);
    clock.turn(999);
    expect(beats).toHaveLength(1);
    clock.turn(1);
    clock.turn(1000);
    expect(beats.map((beat) => beat.lent)).toEqual([1, 2, 3]);
    for (const beat of beats) {
      expect(parse.fromConsumer(beat)).toMatchObject({ type: 'beat', started: 1, oldestMs: 12.5, waiting: null });
      expect(beat.rss).toBe(5e6);
      expect(beat.utilisation).toBeLessThanOrEqual(1);
    }
    cancel();
    expect(clock.waiting).toBe(0);
  });
});
