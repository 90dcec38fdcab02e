import { describe, expect, it } from '@jest/globals';
import { ratios, table, type Comparison } from '../../../bench/measure/comparison.ts';

const handOff: Comparison = {
  what: 'hand-off',
  unit: 'items/s',
  digits: 0,
  product: [200_000, 90_000, 210_000],
  beside: { name: 'floor', values: [400_000, 180_000, 300_000] },
};

const memory: Comparison = { what: 'supervisor', unit: 'MiB', digits: 0, product: [104] };

const absent: Comparison = {
  ...handOff,
  beside: { name: 'BullMQ', values: [], note: 'no redis-server on the PATH' },
};

describe('a comparison', () => {
  it('divides round by round, so that a slow round of the machine has no effect', () => {
    expect(ratios(handOff)).toEqual([0.5, 0.5, 0.7]);
  });

  it.each([memory, absent])('has no ratio if one side was not measured', (comparison) => {
    expect(ratios(comparison)).toEqual([]);
  });

  it('fills a row of the table with the median and the extremes of both sides and of the ratios', () => {
    expect(table([handOff, memory]).split('\n')).toEqual([
      'what        unit     Millrace                  compared with              ratio, round by round',
      '──────────  ───────  ────────────────────────  ─────────────────────────  ────────────────────────',
      'hand-off    items/s  200,000 (90,000–210,000)  300,000 (180,000–400,000)  0.50 (0.50–0.70) × floor',
      'supervisor  MiB      104',
    ]);
  });

  it('says why a product could not be measured', () => {
    expect(table([absent]).split('\n').at(-1)).toBe(
      'hand-off  items/s  200,000 (90,000–210,000)  BullMQ: not here                         no redis-server on the PATH',
    );
  });
});
