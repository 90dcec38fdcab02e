import { beforeEach, describe, expect, it } from '@jest/globals';
import { Deadline } from '../../../src/working/deadline.ts';
import { HandClock } from '../../support/hand-clock.ts';

let clock: HandClock;
let expired: number;
let deadline: Deadline;
beforeEach(() => {
  clock = new HandClock();
  expired = 0;
  deadline = new Deadline(clock, 100, () => (expired += 1));
});

describe('a deadline', () => {
  it('expires once, when its time is up', () => {
    clock.turn(99);
    expect(expired).toBe(0);
    clock.turn(1);
    clock.turn(1000);
    expect(expired).toBe(1);
  });

  it('stands still while it is paused, however often', () => {
    clock.turn(60);
    deadline.pause();
    deadline.pause();
    clock.turn(1000);
    deadline.resume();
    clock.turn(1000);
    deadline.resume();
    clock.turn(39);
    expect(expired).toBe(0);
    clock.turn(1);
    expect(expired).toBe(1);
  });

  it('does nothing more once it is cancelled, whether or not it is paused', () => {
    deadline.pause();
    deadline.cancel();
    deadline.resume();
    deadline.pause();
    deadline.resume();
    clock.turn(1000);
    expect([expired, clock.waiting]).toEqual([0, 0]);
  });
});
