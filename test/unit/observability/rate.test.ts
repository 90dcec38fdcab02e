import { describe, expect, it } from '@jest/globals';
import { createRate } from '../../../src/observability/rate.ts';

describe('a rate', () => {
  it('is 0 before the first sample', () => {
    expect(createRate().perSecond(1000)).toBe(0);
  });

  it('is the average of the last seconds, not since the start', () => {
    const rate = createRate();
    for (let now = 0; now <= 20_000; now += 100) rate.see(now, now < 10_000 ? now : 10_000 + (now - 10_000) / 10);
    expect(rate.perSecond(20_000)).toBeCloseTo(100, 6);
  });

  it('counts items that came since the last sample', () => {
    const rate = createRate();
    rate.see(0, 0);
    rate.see(100, 10);
    expect(rate.perSecond(1000)).toBe(10);
  });

  it('falls to 0 when nothing more arrives', () => {
    const rate = createRate();
    rate.see(0, 0);
    rate.see(1000, 1000);
    expect(rate.perSecond(2000)).toBe(500);
    expect(rate.perSecond(6000)).toBe(0);
    expect(rate.perSecond(60_000)).toBe(0);
  });
});
