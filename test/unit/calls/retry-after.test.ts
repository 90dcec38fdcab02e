import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { retryAfterMs } from '../../../src/calls/retry-after.ts';

const wall = Date.UTC(2026, 10, 20, 12, 0, 0);
const noon = 'Fri, 20 Nov 2026 12:00:00 GMT';
const later = 'Fri, 20 Nov 2026 12:00:30 GMT';

describe('Retry-After', () => {
  it.each<[what: string, retryAfter: string | string[] | undefined, date: string | undefined, expected: number | null]>(
    [
      ['seconds', '120', undefined, 120_000],
      ['seconds with spaces around them', ' 120 ', undefined, 120_000],
      ['a date', later, undefined, 30_000],
      ['a date in the form of RFC 850', 'Friday, 20-Nov-26 12:00:30 GMT', undefined, 30_000],
      ['a date in the form of asctime', 'Fri Nov 20 12:00:30 2026', undefined, 30_000],
      ["a date by the vendor's clock, a little behind ours", later, 'Fri, 20 Nov 2026 11:59:50 GMT', 40_000],
      [
        "a date by the vendor's clock, ahead of ours",
        'Fri, 20 Nov 2026 15:00:30 GMT',
        'Fri, 20 Nov 2026 15:00:00 GMT',
        30_000,
      ],
      ['a date by our clock, because theirs is old', later, 'Fri, 20 Nov 2026 09:00:00 GMT', 30_000],
      ['a date by our clock, because theirs is nonsense', later, 'yesterday', 30_000],
      ["seconds, whatever the vendor's clock", '30', 'Fri, 20 Nov 2026 15:00:00 GMT', 30_000],
      ['at most a day', '10000000', undefined, 86_400_000],
      ['nothing', undefined, undefined, null],
      ['no time at all', '0', undefined, null],
      ['a date that is past', noon, undefined, null],
      ['seconds since 1970', String(wall / 1000 + 90), undefined, null],
      ['a negative number', '-45', undefined, null],
      ['a number with a sign', '+45', undefined, null],
      ['a fraction', '0.5', undefined, null],
      ['a number with words', 'wait 45', undefined, null],
      ['a number with a unit', '45s', undefined, null],
      ['a year', 'in 2045', undefined, null],
      ['an ISO date', '2026-11-20T12:00:30Z', undefined, null],
      ['something else', 'soon', undefined, null],
      ['an empty text', '', undefined, null],
      ['two headers', ['1', '2'], undefined, null],
    ],
  )('is understood as %s', (_, retryAfter, date, expected) => {
    expect(retryAfterMs({ 'retry-after': retryAfter, date }, wall)).toBe(expected);
  });

  it('is compared with our own clock if the answer comes from a cache', () => {
    const date = 'Fri, 20 Nov 2026 11:59:50 GMT';
    expect(retryAfterMs({ 'retry-after': later, date, age: '10' }, wall)).toBe(30_000);
    expect(retryAfterMs({ 'retry-after': later, date, age: '0' }, wall)).toBe(40_000);
  });

  it('accepts no text except whole seconds and HTTP dates', () => {
    const other = fc.string({ unit: fc.constantFrom(...'0123456789-+.,:/ TZGMTwaitNov'.split('')), maxLength: 30 });
    fc.assert(
      fc.property(fc.oneof(other, fc.string()), (text) => {
        fc.pre(!/^\s*\d+\s*$/.test(text));
        expect(retryAfterMs({ 'retry-after': text }, wall)).toBeNull();
      }),
      { numRuns: 1000 },
    );
  });

  it('is never more than a day, and off by at most the difference of the clocks', () => {
    const second = fc.integer({ min: -200_000, max: 200_000 }).map((seconds) => wall + seconds * 1000);
    fc.assert(
      fc.property(second, second, (until, date) => {
        const headers = { 'retry-after': new Date(until).toUTCString(), date: new Date(date).toUTCString() };
        const ms = retryAfterMs(headers, wall) ?? 0;
        expect(ms).toBeLessThanOrEqual(86_400_000);
        const longest = Math.max(0, until - Math.max(wall - 60_000, date));
        expect(ms).toBeLessThanOrEqual(longest);
      }),
    );
  });
});
