import { describe, expect, it } from '@jest/globals';
import { count, perSecond, plural } from '../../../src/core/figures.ts';

describe('a figure for people', () => {
  it.each([
    [0, '0'],
    [999, '999'],
    [1000, '1,000'],
    [1234567, '1,234,567'],
  ])('groups %d as %s', (value, text) => {
    expect(count(value)).toBe(text);
  });

  it.each([
    [0, '0/s'],
    [0.254, '0.25/s'],
    [9.5, '9.5/s'],
    [12.34, '12.3/s'],
    [100, '100/s'],
    [8449.7, '8,450/s'],
  ])('shows a rate of %d as %s', (rate, text) => {
    expect(perSecond(rate)).toBe(text);
  });

  it('uses singular and plural', () => {
    expect([plural(0, 'item'), plural(1, 'item'), plural(2000, 'item')]).toEqual(['0 items', '1 item', '2,000 items']);
  });
});
