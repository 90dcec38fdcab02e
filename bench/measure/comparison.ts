import { spread } from './spread.ts';

/** One figure of the product, with a value per round, and the figures it is compared with, from the same rounds. */
export interface Comparison {
  what: string;
  unit: string;
  /** How many decimals are significant. */
  digits: number;
  product: number[];
  beside?: Contestant;
}

export interface Contestant {
  name: string;
  /** Empty if it could not be measured; the note says why. */
  values: number[];
  /** What a reader must know to interpret the figure. */
  note?: string;
  /** Its items are lost when its process dies. */
  isInMemory?: boolean;
}

/**
 * The product's value divided by the other one's, round by round. The machine may be twice as slow in one round as in
 * another; the two that ran one after the other saw much the same machine.
 */
export function ratios({ product, beside }: Comparison): number[] {
  if (!beside) return [];
  return beside.values.map((value, round) => product[round]! / value);
}

/** The titles of the columns of `cells`. */
export const titles = ['what', 'unit', 'Millrace', 'compared with', 'ratio, round by round', 'note'] as const;

/** A comparison as a row of a table. */
export function cells(comparison: Comparison): string[] {
  const { what, unit, digits, product, beside } = comparison;
  const besideIt = beside && (beside.values.length > 0 ? show(beside.values, digits) : `${beside.name}: not here`);
  const ratio = ratios(comparison);
  return [
    what,
    unit,
    show(product, digits),
    besideIt ?? '',
    ratio.length > 0 ? `${show(ratio, 2)} × ${beside!.name}` : '',
    beside?.note ?? '',
  ];
}

/** The comparisons as lines of a table on a terminal. */
export function table(comparisons: readonly Comparison[]): string {
  const rows = comparisons.map(cells);
  const head = rows.some((row) => row.at(-1) !== '') ? titles : titles.slice(0, -1);
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]!.length)));
  const line = (row: readonly string[]): string =>
    widths
      .map((width, i) => row[i]!.padEnd(width))
      .join('  ')
      .trimEnd();
  return [line(head), widths.map((width) => '─'.repeat(width)).join('  '), ...rows.map(line)].join('\n');
}

/** Median (lowest–highest). */
function show(values: readonly number[], digits: number): string {
  const { median, min, max } = spread(values);
  const text = (value: number): string =>
    value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return min === max ? text(median) : `${text(median)} (${text(min)}–${text(max)})`;
}
