import { describe, expect, it } from '@jest/globals';
import { Window } from '../../../src/limits/window.ts';

/** Counts a call that is announced at once; returns its ticket. */
function announced(window: Window, now: number): number {
  const ticket = window.add();
  window.announced(ticket, now);
  return ticket;
}

/** A window whose processes made a call a while ago. */
function warmWindow(perMs: number): Window {
  const window = new Window({ count: 1, perMs });
  window.ended(announced(window, -2000), -2000);
  window.isOpen(0);
  return window;
}

describe('the window', () => {
  it('is open again for each call exactly one period after its end, over thousands of calls', () => {
    const window = new Window({ count: 4, perMs: 1000 });
    const ends: number[] = [];
    for (let call = 0; call < 4000; call++) {
      const now = call < 4 ? call : ends[call - 4]! + 1000;
      expect(window.opensAt(now - 1)).toBe(call < 4 ? now - 1 : now);
      expect(window.isOpen(now)).toBe(true);
      window.ended(announced(window, now), now + 1);
      ends.push(now + 1);
    }
  });

  it('recognizes a call by its ticket even after it has discarded old calls', () => {
    const window = new Window({ count: 3, perMs: 1000 });
    for (let call = 0; call < 3000; call++) {
      const now = call * 505;
      const ticket = announced(window, now);
      // The call before the last one ended 20 ms after its beginning, 990 ms ago.
      expect(window.isOpen(now + 9)).toBe(call < 2);
      expect(window.isOpen(now + 12)).toBe(true);
      window.ended(ticket, now + 20);
    }
  });

  it('counts a call that has not ended from a twentieth of the period after its grant', () => {
    const window = warmWindow(1000);
    announced(window, 0);
    expect(window.opensAt(0)).toBe(1050);
  });

  it('ignores the end of a slow call', () => {
    const window = warmWindow(1000);
    window.ended(announced(window, 0), 500);
    expect(window.opensAt(500)).toBe(1050);
  });

  it('ignores the end of a call that it has forgotten', () => {
    const window = warmWindow(1000);
    const first = announced(window, 0);
    expect(window.isOpen(2000)).toBe(true);
    announced(window, 2000);
    window.ended(first, 2001);
    expect(window.isOpen(3001)).toBe(false);
    expect(window.opensAt(3001)).toBe(3050);
  });

  it.each([
    ['an hour', 3_600_000, 3_780_000],
    ['a second', 1000, 1250],
    ['a tenth of a second', 100, 200],
  ])('allows calls after a pause more time to arrive, with a period of %s', (_, perMs, expected) => {
    const window = new Window({ count: 1, perMs });
    announced(window, 0);
    expect(window.opensAt(0)).toBe(expected);
  });

  it('assumes that connections are closed once no call has ended for 4 s', () => {
    const window = new Window({ count: 1, perMs: 1000 });
    window.ended(announced(window, 0), 0);
    expect(window.arrivalOf(4000)).toBe(4050);
    expect(window.arrivalOf(4001)).toBe(4251);
  });
});
