import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { formatBytes, formatDuration, parseBytes, parseDuration, parseRate } from '../../../src/core/units.ts';

describe('a duration', () => {
  it.each([
    ['250ms', 250],
    ['60s', 60_000],
    ['1.5s', 1500],
    ['5min', 300_000],
    ['5m', 300_000],
    ['2 h', 7_200_000],
    ['1d', 86_400_000],
    ['0', 0],
    ['0s', 0],
    [1500, 1500],
    [0, 0],
    [1.4, 1],
  ])('%j is %d ms', (value, ms) => {
    expect(parseDuration(value)).toBe(ms);
  });

  it.each([
    '',
    ' ',
    '10',
    '10 sec',
    '10S',
    's',
    '-1s',
    '1e3s',
    '1_000s',
    '10s ',
    ' 10s',
    '1,5s',
    '10  s',
    '٣s',
    'constructor',
  ])('cannot be read from %j', (text) => {
    expect(() => parseDuration(text)).toThrow(
      new TypeError(`expected a duration such as 250ms, 60s, 5min, 2h or 1d, got ${JSON.stringify(text)}`),
    );
  });

  it.each([
    [-1, '-1'],
    [Number.NaN, 'NaN'],
    [Number.POSITIVE_INFINITY, 'Infinity'],
    [true, 'true'],
    [['5s'], 'an array'],
    [undefined, 'nothing'],
  ])('cannot be %p', (value, shown) => {
    expect(() => parseDuration(value)).toThrow(`, got ${shown}`);
    expect(() => parseBytes(value)).toThrow(`, got ${shown}`);
    expect(() => parseRate(value)).toThrow(`, got ${shown}`);
  });

  it.each([
    [0, '0ms'],
    [250, '250ms'],
    [1000, '1s'],
    [1500, '1500ms'],
    [25_000, '25s'],
    [60_000, '1min'],
    [90_000, '90s'],
    [150_000, '2.5min'],
    [3_600_000, '1h'],
    [9_000_000, '2.5h'],
    [86_400_000, '1d'],
  ])('of %d ms is shown as %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });

  it('can be read back from its text, to within a twentieth', () => {
    fc.assert(
      fc.property(fc.nat(2 ** 40), (ms) => {
        expect(Math.abs(parseDuration(formatDuration(ms)) - ms)).toBeLessThanOrEqual(ms / 20);
      }),
    );
  });
});

describe('a size', () => {
  it.each([
    ['512', 512],
    ['512B', 512],
    ['64KiB', 65_536],
    ['64kib', 65_536],
    ['64kB', 64_000],
    ['16MiB', 16_777_216],
    ['16 MB', 16_000_000],
    ['1.5GiB', 1_610_612_736],
    ['2GB', 2_000_000_000],
    [4096, 4096],
  ])('%j is %d bytes', (value, bytes) => {
    expect(parseBytes(value)).toBe(bytes);
  });

  it.each(['', '64K', '64M', '1TiB', '-1B', '1e3', '0x10', '16 MiB '])('cannot be read from %j', (text) => {
    expect(() => parseBytes(text)).toThrow(
      new TypeError(`expected a size such as 64KiB, 16MiB, 1GiB or a number of bytes, got ${JSON.stringify(text)}`),
    );
  });

  it.each([
    [0, '0B'],
    [1024, '1KiB'],
    [1536, '1536B'],
    [65_536, '64KiB'],
    [268_435_456, '256MiB'],
    [2_684_354_560, '2.5GiB'],
  ])('of %d bytes is shown as %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });

  it('can be read back from its text, to within a twentieth', () => {
    fc.assert(
      fc.property(fc.nat(2 ** 45), (bytes) => {
        expect(Math.abs(parseBytes(formatBytes(bytes)) - bytes)).toBeLessThanOrEqual(bytes / 20);
      }),
    );
  });
});

describe('a rate', () => {
  it.each([
    ['100/s', 100, 1000],
    ['600/min', 600, 60_000],
    ['600/m', 600, 60_000],
    ['5000/h', 5000, 3_600_000],
    ['10/250ms', 10, 250],
    ['1/1.5s', 1, 1500],
    ['100 / s', 100, 1000],
  ])('%j is %d calls in %d ms', (text, count, perMs) => {
    expect(parseRate(text)).toEqual({ count, perMs });
  });

  it.each(['fast', '', '100', '100/', '/s', '0/s', '1.5/s', '-1/s', '100/sec', '100/0s', '100/0', '1/s/s', '1e400/s'])(
    'cannot be read from %j',
    (text) => {
      expect(() => parseRate(text)).toThrow(
        new TypeError(`expected a rate such as "100/s" or "600/min", got ${JSON.stringify(text)}`),
      );
    },
  );
});
