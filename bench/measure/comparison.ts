import { spread } from './spread.ts';

/** One figure of the product, a value per round, and what it is held against, measured in the same rounds. */
export interface Comparison {
  what: string;
  unit: string;
  /** Decimals that mean something. */
  digits: number;
  product: number[];
  beside?: { name: string; values: number[] };
}

/**
 * The product's value divided by the other one's, round by round. The machine may be twice as slow in one round as in
 * another; the two that ran one after the other saw much the same machine.
 */
export function ratios({ product, beside }: Comparison): number[] {
  if (!beside) return [];
  return product.map((value, round) => value / beside.values[round]!);
}

/** The comparisons as lines of a table. */
export function table(comparisons: readonly Comparison[]): string {
  const rows = comparisons.map((comparison) => {
    const { what, unit, digits, product, beside } = comparison;
    return [
      what,
      unit,
      show(product, digits),
      beside ? show(beside.values, digits) : '',
      beside ? `${show(ratios(comparison), 2)} × ${beside.name}` : '',
    ];
  });
  const head = ['what', 'unit', 'Millrace', 'beside it', 'ratio, round by round'];
  const widths = head.map((title, i) => Math.max(...[head, ...rows].map((row) => row[i]!.length), title.length));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, i) => cell.padEnd(widths[i]!))
      .join('  ')
      .trimEnd();
  return [line(head), widths.map((width) => '─'.repeat(width)).join('  '), ...rows.map(line)].join('\n');
}

function show(values: readonly number[], digits: number): string {
  const { median, min, max } = spread(values);
  const text = (value: number): string =>
    value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return min === max ? text(median) : `${text(median)} (${text(min)}–${text(max)})`;
}
