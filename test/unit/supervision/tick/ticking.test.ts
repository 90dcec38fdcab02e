import { beforeEach, describe, expect, it } from '@jest/globals';
import { Ticking } from '../../../../src/supervision/tick/ticking.ts';
import { HandClock } from '../../../support/hand-clock.ts';

let clock: HandClock;
let ticks: number[];
let isMoreArriving: boolean;
let ticking: Ticking;
/** How long a tick takes. */
let takesMs: number;

beforeEach(() => {
  clock = new HandClock();
  ticks = [];
  isMoreArriving = false;
  takesMs = 4;
  ticking = new Ticking({
    clock,
    isMoreArriving: () => isMoreArriving,
    tick() {
      ticks.push(clock.now());
      clock.standStill(takesMs);
    },
  });
});

/** Something changes, and this turn of the event loop ends. */
function change(): void {
  ticking.touch();
  clock.endTick();
}

describe('the tick', () => {
  it('comes once at the end of a turn in which something has changed', () => {
    ticking.touch();
    ticking.touch();
    expect(ticks).toEqual([]);
    clock.endTick();
    expect(ticks).toEqual([0]);
    clock.endTick();
    expect(ticks).toEqual([0]);
  });

  it('comes at the time that was requested last', () => {
    ticking.comeAt(100);
    ticking.comeAt(50);
    clock.turn(60);
    clock.endTick();
    expect(ticks).toEqual([50]);
    clock.turn(100);
    clock.endTick();
    expect(ticks).toEqual([50]);
  });

  it('waits for a frame that is arriving', () => {
    change();
    isMoreArriving = true;
    change();
    clock.turn(2);
    isMoreArriving = false;
    change();
    expect(ticks).toEqual([0, 6]);
  });

  it('waits for frames that follow each other without a gap, but not longer than the last tick took', () => {
    change();
    isMoreArriving = true;
    for (let i = 0; i < 6; i++) {
      change();
      clock.turn(1);
      clock.endTick();
    }
    expect(ticks).toEqual([0, 8]);
  });

  it('does not wait longer than the last tick took for a frame whose end does not come', () => {
    change();
    isMoreArriving = true;
    change();
    clock.turn(3);
    clock.endTick();
    expect(ticks).toEqual([0]);
    clock.turn(1);
    clock.endTick();
    expect(ticks).toEqual([0, 8]);
  });

  it('waits 10 ms at most, however long the last one took', () => {
    takesMs = 500;
    change();
    isMoreArriving = true;
    change();
    clock.turn(10);
    clock.endTick();
    expect(ticks).toEqual([0, 510]);
  });

  it('does not come after it was stopped, and leaves no timer', () => {
    change();
    isMoreArriving = true;
    change();
    ticking.comeAt(1000);
    ticking.stop();
    expect(clock.waiting).toBe(0);
    change();
    expect(ticks).toEqual([0]);
  });
});
