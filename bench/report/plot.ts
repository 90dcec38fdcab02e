import type { Spread } from '../measure/spread.ts';

export interface Bar extends Spread {
  label: string;
  /** Our own bars are highlighted. */
  isOurs: boolean;
}

export interface BarPlot {
  title: string;
  /** What the bars count, and whether longer is better. */
  subtitle: string;
  /** Bars of one group are drawn together. */
  groups: readonly (readonly Bar[])[];
}

const width = 760;
const margin = 16;
const labelWidth = 246;
const valueWidth = 190;
const barHeight = 18;
const barGap = 4;
const groupGap = 12;
const headHeight = 62;
const plotWidth = width - 2 * margin - labelWidth - valueWidth;

// The picture has its own background, because the page may be dark while the reader's system is light, or the other way
// around.
const style = `
  .page { fill: #ffffff; stroke: #d0d7de; } .text { fill: #1f2328; } .soft { fill: #59636e; }
  .ours { fill: #0969da; } .other { fill: #afb8c1; } .range { stroke: #1f2328; }
  text { font: 13px system-ui, -apple-system, 'Segoe UI', sans-serif; } .title { font-size: 15px; font-weight: 600; }
  @media (prefers-color-scheme: dark) {
    .page { fill: #0d1117; stroke: #3d444d; } .text { fill: #f0f6fc; } .soft { fill: #9198a1; }
    .ours { fill: #4493f8; } .other { fill: #656c76; } .range { stroke: #f0f6fc; }
  }`;

/**
 * Horizontal bars from zero to the median, with a line from the lowest value to the highest, and the figures next to
 * them.
 */
export function barPlot({ title, subtitle, groups }: BarPlot): string {
  const bars = groups.flat();
  const scale = plotWidth / Math.max(...bars.map(({ max }) => max));
  const left = margin + labelWidth;
  const shapes: string[] = [];
  let top = headHeight;
  for (const group of groups) {
    for (const { label, median, min, max, isOurs } of group) {
      const middle = top + barHeight / 2;
      const baseline = middle + 4.5;
      shapes.push(
        `<text class="text" x="${left - 8}" y="${baseline}" text-anchor="end">${escaped(label)}</text>`,
        `<rect class="${isOurs ? 'ours' : 'other'}" x="${left}" y="${top}" width="${at(median * scale)}" height="${barHeight}" rx="2"/>`,
        `<path class="range" d="M${at(left + min * scale)} ${middle}H${at(left + max * scale)}"/>`,
        `<text class="soft" x="${at(left + max * scale + 8)}" y="${baseline}">${figures({ median, min, max })}</text>`,
      );
      top += barHeight + barGap;
    }
    top += groupGap;
  }
  const height = top - groupGap - barGap + margin;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `<title>${escaped(`${title}: ${subtitle}`)}</title>`,
    `<style>${style}\n</style>`,
    `<rect class="page" x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="6"/>`,
    `<text class="text title" x="${margin}" y="28">${escaped(title)}</text>`,
    `<text class="soft" x="${margin}" y="47">${escaped(subtitle)}</text>`,
    ...shapes,
    '</svg>\n',
  ].join('\n');
}

function figures({ median, min, max }: Spread): string {
  return min === max ? short(median) : `${short(median)} (${short(min)}–${short(max)})`;
}

/** More than three digits would not be reliable. */
function short(value: number): string {
  return Number(value.toPrecision(3)).toLocaleString('en-US');
}

function at(position: number): string {
  return position.toFixed(1);
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
