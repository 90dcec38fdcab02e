import { describe, expect, it } from '@jest/globals';
import { Freeze } from '../../../src/limits/freeze.ts';

describe('a freeze without a given duration', () => {
  it('lasts 1 s and doubles up to 5 min while each freeze is followed by another refusal', () => {
    const freeze = new Freeze();
    const spans: number[] = [];
    for (let now = 0, i = 0; i < 11; i++) {
      spans.push(freeze.begin(now, null));
      now = freeze.until + 250;
    }
    expect(spans).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 64_000, 128_000, 256_000, 300_000, 300_000]);
  });

  it('is not extended by refusals of calls that were on their way when it began', () => {
    const freeze = new Freeze();
    freeze.begin(0, null);
    for (const now of [1, 10, 999]) expect(freeze.begin(now, null)).toBe(1000 - now);
    expect(freeze.begin(1000, null)).toBe(2000);
  });

  it('starts over at 1 s once a call that was granted after it has succeeded', () => {
    const freeze = new Freeze();
    freeze.begin(0, null);
    freeze.begin(1000, null);
    freeze.callSucceeded(3050, 3000);
    expect(freeze.begin(3100, null)).toBe(1000);
  });

  it('never lasts longer than 1 s if calls succeed between refusals, even calls that end after the next refusal', () => {
    const freeze = new Freeze();
    const spans: number[] = [];
    for (let now = 0, i = 0; i < 10; i++) {
      spans.push(freeze.begin(now, null));
      // The call was granted after the previous freeze had ended; the refused call was quicker.
      freeze.callSucceeded(now + 20, now - 5);
      now = freeze.until + 10;
    }
    expect(spans).toEqual(Array.from({ length: 10 }, () => 1000));
  });

  it('does not start over when a call that was granted before it succeeds', () => {
    const freeze = new Freeze();
    freeze.begin(0, null);
    freeze.begin(1100, null);
    freeze.callSucceeded(1200, 900);
    freeze.callSucceeded(3200, 900);
    expect(freeze.begin(3300, null)).toBe(4000);
  });

  it('starts over at 1 s after a freeze with a given duration', () => {
    const freeze = new Freeze();
    freeze.begin(0, null);
    freeze.begin(1000, 5000);
    expect(freeze.begin(6000, null)).toBe(1000);
  });
});
