import { describe, expect, it } from '@jest/globals';
import { barPlot } from '../../../bench/report/plot.ts';

const svg = barPlot({
  title: 'Hand-off <2 kB>',
  subtitle: 'items a second',
  groups: [
    [
      { label: 'Millrace', isOurs: true, median: 100_000, min: 80_000, max: 200_000 },
      { label: 'floor', isOurs: false, median: 50_000, min: 50_000, max: 50_000 },
    ],
    [{ label: 'R&D', isOurs: false, median: 12_345.6, min: 12_000, max: 13_000 }],
  ],
});

function all(pattern: RegExp): number[] {
  return [...svg.matchAll(pattern)].map(([, value]) => Number(value));
}

describe('a bar plot', () => {
  it('has bars as long as their medians, with space for the highest value', () => {
    const [first, second, third] = all(/class="(?:ours|other)"[^>]* width="([\d.]+)"/g) as [number, number, number];
    expect(second / first).toBeCloseTo(0.5);
    expect(third / first).toBeCloseTo(0.123, 2);
    const [, , highest] = /class="range" d="M([\d.]+) \d+H([\d.]+)"/.exec(svg)!.map(Number);
    expect(highest).toBeLessThan(760);
  });

  it('puts groups further apart than the bars within a group', () => {
    const [first, second, third] = all(/class="(?:ours|other)"[^>]* y="(\d+)"/g) as [number, number, number];
    expect(third - second).toBeGreaterThan(second - first);
  });

  it('shows the figures to three significant digits', () => {
    expect(svg).toContain('>100,000 (80,000–200,000)<');
    expect(svg).toContain('>50,000<');
    expect(svg).toContain('>12,300 (12,000–13,000)<');
  });

  it('escapes text, and has colours for dark pages', () => {
    expect(svg).toContain('Hand-off &lt;2 kB&gt;');
    expect(svg).toContain('R&amp;D');
    expect(svg).toContain('prefers-color-scheme: dark');
  });
});
