import { usageError } from '../core/errors.ts';

/** `[from, to]`, both included; `to` is Infinity for `20-`. */
export type SeqRange = readonly [from: number, to: number];

const range = /^(\d+)(-(\d*))?$/;

/** Whether a word on the command line names seqs: `3`, `5-9`, `20-`, or several of these separated by commas. */
export function isSeqs(word: string): boolean {
  return word.split(',').every((part) => range.test(part));
}

/** The seqs that such words name. Throws a usage error for impossible ones. */
export function seqRanges(words: readonly string[]): SeqRange[] {
  return words.flatMap((word) => word.split(',')).map(readRange);
}

function readRange(text: string): SeqRange {
  const [, first, isRange, last] = range.exec(text) ?? [];
  const from = Number(first);
  const to = isRange === undefined ? from : last === '' ? Infinity : Number(last);
  if (Number.isSafeInteger(from) && from > 0 && to >= from) return [from, to];
  throw usageError(`expected seqs such as 3, 5-9 or 20-, got ${text}`);
}
