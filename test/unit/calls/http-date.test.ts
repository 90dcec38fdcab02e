import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseHttpDate } from '../../../src/calls/http-date.ts';

const wall = Date.UTC(2026, 10, 20, 12, 0, 0);
const anySecond = fc.integer({ min: Date.UTC(1000, 0, 1) / 1000, max: Date.UTC(9999, 11, 31) / 1000 });

const longDays = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];

function rfc850(at: Date): string {
  const [, date, month, year, time] = at.toUTCString().split(' ');
  return `${longDays[at.getUTCDay()]}, ${date}-${month}-${year!.slice(2)} ${time} GMT`;
}

function asctime(at: Date): string {
  const [day, date, month, year, time] = at.toUTCString().split(' ');
  return `${day!.slice(0, 3)} ${month} ${String(Number(date)).padStart(2)} ${time} ${year}`;
}

describe('an HTTP date', () => {
  it.each([
    ['the form of today', 'Sun, 06 Nov 1994 08:49:37 GMT'],
    ['the form of RFC 850', 'Sunday, 06-Nov-94 08:49:37 GMT'],
    ['the form of asctime', 'Sun Nov  6 08:49:37 1994'],
  ])('is read in %s', (_, text) => {
    expect(parseHttpDate(text, wall)).toBe(Date.UTC(1994, 10, 6, 8, 49, 37));
  });

  it('is read back exactly for any second, in the two forms with a full year', () => {
    fc.assert(
      fc.property(anySecond, (seconds) => {
        const at = new Date(seconds * 1000);
        expect(parseHttpDate(at.toUTCString(), wall)).toBe(seconds * 1000);
        expect(parseHttpDate(asctime(at), wall)).toBe(seconds * 1000);
      }),
    );
  });

  it('with a two-digit year is in the past 50 years or the next 50', () => {
    fc.assert(
      fc.property(anySecond, fc.integer({ min: -49 * 365, max: 49 * 365 }), (now, days) => {
        fc.pre(now > Date.UTC(1100, 0, 1) / 1000 && now < Date.UTC(9900, 0, 1) / 1000);
        const at = new Date((now + days * 86_400) * 1000);
        expect(parseHttpDate(rfc850(at), now * 1000)).toBe(at.getTime());
      }),
    );
  });

  it.each([
    ['-45'],
    ['45'],
    ['wait 45'],
    ['2045'],
    ['2026-11-20T12:00:00Z'],
    ['Fri, 20 Nov 2026 12:00:00'],
    ['Fri, 20 Nov 2026 12:00:00 CET'],
    ['Fri, 20 Nov 2026 12:00:00 +0100'],
    ['fri, 20 nov 2026 12:00:00 gmt'],
    ['Fri, 1 Nov 2026 12:00:00 GMT'],
    ['Fri, 31 Nov 2026 12:00:00 GMT'],
    ['Fri, 00 Nov 2026 12:00:00 GMT'],
    ['Fri, 20 Nov 2026 24:00:00 GMT'],
    ['Fri, 20 Nov 2026 12:60:00 GMT'],
    ['Fri, 20-Nov-26 12:00:00 GMT'],
    ['Friday, 20-Nov-2026 12:00:00 GMT'],
    [''],
  ])('is not accepted in another form: %j', (text) => {
    expect(parseHttpDate(text, wall)).toBeUndefined();
  });
});
