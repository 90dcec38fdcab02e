import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isDateTime, isNoLag, minusLag } from '../../../../src/connectors/sql-source/lag.ts';

describe('a cursor, less a lag', () => {
  it.each([
    ['2024-03-01 00:00:30', '60s', '2024-02-29 23:59:30'],
    ['2024-03-01T00:00:30Z', '1d', '2024-02-29T00:00:30'],
    ['2024-03-01T00:00:30.5+02:00', '500ms', '2024-03-01T00:00:30'],
    ['2024-03-01 00:00:30.123456', '1s', '2024-03-01 00:00:29'],
    ['2024-03-01 00:00:30.123456', '1ms', '2024-03-01 00:00:30'],
    ['2016-12-31 23:59:60', '1s', '2016-12-31 23:59:58'],
    ['2024-03-01 00:00:30', '1ms', '2024-03-01 00:00:29'],
    ['2024-03-01 00:00', '1s', '2024-02-29 23:59'],
    ['2024-03-01', '1h', '2024-02-29'],
    ['0000-01-01', '1d', '0000-01-01'],
    ['2024-03-01 00:00:30', 1000, '2024-03-01 00:00:29'],
    [100n, 30, 70n],
    [9007199254740993n, 1, 9007199254740992n],
    [100n, 0.5, 99.5],
    [9007199254740993n, 0.5, 9007199254740992n],
    [-9223372036854775807n, 5, -9223372036854775808n],
    [1.5, 1, 0.5],
  ])('keeps its form, and is exact or earlier: %s less %s', (value, lag, expected) => {
    expect(minusLag(value, lag, 'column at of table t')).toEqual(expected);
  });

  it('is never later than the time less the lag', () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date('1900-01-01'), max: new Date('2200-01-01'), noInvalidDate: true }),
        fc.integer({ min: 0, max: 1e9 }),
        fc.constantFrom(10, 16, 19, 21, 23),
        fc.constantFrom('', 'Z', '+02:00'),
        (date, lag, length, zone) => {
          const text = date.toISOString().slice(0, length) + zone;
          const exact = new Date(date.getTime() - lag).toISOString().slice(0, -1);
          const forms = [exact, exact.replace(/\.0+$|(?<=\.\d+)0+$/, '')].map((form) => form + zone);
          for (const form of forms) expect((minusLag(text, lag, 'column') as string) <= form).toBe(true);
        },
      ),
    );
  });

  it.each([
    [
      'yesterday',
      '1s',
      'lag: expected the values of column at of table t to be numbers, or dates and times as text, got "yesterday"',
    ],
    ['2024-13-01', '1s', 'lag: expected the values of column at of table t to be valid dates, got "2024-13-01"'],
    [5n, '1s', 'expected a number in the unit of column at of table t, whose last value is 5, got the duration 1s'],
  ])('is refused where the lag does not fit: %s less %s', (value, lag, problem) => {
    expect(() => minusLag(value, lag, 'column at of table t')).toThrow(problem);
  });

  it('is recognised as none, and a time as a time', () => {
    expect([0, '0', '0s', '1ms', 1, 0.25].map(isNoLag)).toEqual([true, true, true, false, false, false]);
    expect(['2024-01-01', '2024-01-01 10:00', '1', 1n, null].map(isDateTime)).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
  });
});
