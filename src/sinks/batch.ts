import { Intervals } from '../core/intervals.ts';
import type { Batch } from './port.ts';

export interface BatchParts<Captured> {
  readonly seqs: readonly number[];
  /** The same as a set, if it is already known. */
  readonly items?: Intervals;
  readonly ends: readonly number[];
  readonly captured: readonly Captured[];
  /** The run that the items' keys are made of. */
  readonly run: string;
  /** The keys of items that were dead letters, by seq. */
  readonly keys?: ReadonlyMap<number, string> | undefined;
}

/** Makes a batch. Keys are made only when they are requested, because few sinks need them. */
export function batchOf<Captured>({
  seqs,
  items = setOf(seqs),
  ends,
  captured,
  run,
  keys,
}: BatchParts<Captured>): Batch<Captured> {
  return { items, seqs, ends, captured, keyOf: (i) => keys?.get(seqs[i]!) ?? `${run}:${seqs[i]}` };
}

/** The seqs as a set. */
export function setOf(seqs: readonly number[]): Intervals {
  const items = new Intervals();
  for (const seq of seqs) items.add(seq);
  return items;
}
