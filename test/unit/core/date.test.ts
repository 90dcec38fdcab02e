import { describe, expect, it } from '@jest/globals';
import { isDate } from '../../../src/core/date.ts';

describe('isDate', () => {
  it.each(['2024-02-29', '2000-02-29', '2023-12-31', '0000-01-01'])('accepts the day %s', (text) => {
    expect(isDate(text)).toBe(true);
  });

  it.each([
    '2023-02-29',
    '1900-02-29',
    '2024-04-31',
    '2024-13-01',
    '2024-00-10',
    '2024-01-00',
    '2024-1-1',
    ' 2024-01-01',
    '2024-01-01\n',
  ])('refuses %j, which is not a day', (text) => {
    expect(isDate(text)).toBe(false);
  });
});
