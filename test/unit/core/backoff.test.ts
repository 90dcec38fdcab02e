import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { equalJitter, fullJitter } from '../../../src/core/backoff.ts';

const backoff = { baseMs: 250, capMs: 30_000 };
const nearlyOne = 1 - Number.EPSILON;

describe('back-off', () => {
  it.each([
    [1, 250],
    [2, 500],
    [3, 1000],
    [7, 16_000],
    [8, 30_000],
    [1000, 30_000],
  ])('before attempt %i is at most %i ms', (attempt, most) => {
    expect(fullJitter(backoff, attempt, nearlyOne)).toBe(most);
    expect(equalJitter(backoff, attempt, nearlyOne)).toBe(most);
  });

  it('begins at zero with full jitter, and at half with equal jitter', () => {
    expect(fullJitter(backoff, 3, 0)).toBe(0);
    expect(equalJitter(backoff, 3, 0)).toBe(500);
  });

  it('is a whole number of milliseconds within its bounds, however many attempts there were', () => {
    const anyBackoff = fc.record({ baseMs: fc.nat(60_000), capMs: fc.nat(3_600_000) });
    const chance = fc.oneof(
      fc.nat(999).map((n) => n / 1000),
      fc.constant(nearlyOne),
    );
    fc.assert(
      fc.property(anyBackoff, fc.integer({ min: 1, max: 10_000 }), chance, (limits, attempt, random) => {
        const full = fullJitter(limits, attempt, random);
        const equal = equalJitter(limits, attempt, random);
        const most = Math.min(limits.capMs, limits.baseMs * 2 ** Math.min(attempt - 1, 50));
        expect(Number.isInteger(full) && Number.isInteger(equal)).toBe(true);
        expect(full).toBeGreaterThanOrEqual(0);
        expect(full).toBeLessThanOrEqual(Math.round(most));
        expect(equal).toBeGreaterThanOrEqual(Math.floor(most / 2));
        expect(equal).toBeLessThanOrEqual(Math.round(most));
      }),
    );
  });
});
