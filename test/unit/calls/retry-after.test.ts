import { describe, expect, it } from '@jest/globals';
import { retryAfterMs } from '../../../src/calls/retry-after.ts';

const wall = Date.UTC(2026, 10, 20, 12, 0, 0);
const noon = 'Fri, 20 Nov 2026 12:00:00 GMT';
const later = 'Fri, 20 Nov 2026 12:00:30 GMT';

describe('Retry-After', () => {
  it.each<[what: string, retryAfter: string | string[] | undefined, date: string | undefined, expected: number | null]>(
    [
      ['seconds', '120', undefined, 120_000],
      ['a fraction of a second', ' 0.5 ', undefined, 500],
      ['a date', later, undefined, 30_000],
      ['a date, by the clock of the vendor', 'Fri, 20 Nov 2026 15:00:30 GMT', 'Fri, 20 Nov 2026 15:00:00 GMT', 30_000],
      ['seconds, whatever the clock of the vendor', '30', 'Fri, 20 Nov 2026 15:00:00 GMT', 30_000],
      ['seconds since 1970', String(wall / 1000 + 90), undefined, 90_000],
      ['more than a day', '10000000', undefined, 86_400_000],
      ['a date that cannot be compared because theirs is nonsense', later, 'yesterday', 30_000],
      ['nothing', undefined, undefined, null],
      ['no time at all', '0', undefined, null],
      ['a date that is past', noon, undefined, null],
      ['seconds since 1970 that are past', '1000000000', undefined, null],
      ['something else', 'soon', undefined, null],
      ['a negative number', '-5', undefined, null],
      ['an empty text', '', undefined, null],
      ['two headers', ['1', '2'], undefined, null],
    ],
  )('is understood as %s', (_, retryAfter, date, expected) => {
    expect(retryAfterMs({ 'retry-after': retryAfter, date }, wall)).toBe(expected);
  });
});
