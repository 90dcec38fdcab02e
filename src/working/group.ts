import type { Intervals } from '../core/intervals.ts';
import { batchOf, setOf } from '../sinks/batch.ts';
import type { Batch } from '../sinks/port.ts';

/** The entries that one sink has captured for a group: those of item i end at `ends[i]`. */
interface Capture {
  readonly ends: number[];
  readonly captured: unknown[];
}

/** Results of items, in the order of their completion, as each of the pipeline's sinks has captured them. */
export class Group {
  readonly seqs: number[] = [];
  /** The sinks that have all of these items, by id. */
  readonly isIn: Set<string>;
  /** By sink, in the order in which sinks are written. */
  readonly captures: readonly Capture[];
  #items: Intervals | undefined;
  /** The keys of items that were dead letters. */
  #keys: Map<number, string> | undefined;

  constructor(sinks: number, isIn: Iterable<string> = []) {
    this.captures = Array.from({ length: sinks }, () => ({ ends: [], captured: [] }));
    this.isIn = new Set(isIn);
  }

  get count(): number {
    return this.seqs.length;
  }

  /** The seqs as a set, made once for all sinks. Use it only after all items have been added. */
  get items(): Intervals {
    return (this.#items ??= setOf(this.seqs));
  }

  /** Adds an item whose results have just been captured. If `isWhole` is false, drops the part that was captured. */
  close(seq: number, isWhole: boolean, key?: string): void {
    if (!isWhole) {
      for (const { ends, captured } of this.captures) captured.length = ends.at(-1) ?? 0;
      return;
    }
    this.seqs.push(seq);
    // By index: this runs for each item.
    for (let i = 0; i < this.captures.length; i++) {
      const { ends, captured } = this.captures[i]!;
      ends.push(captured.length);
    }
    if (key !== undefined) (this.#keys ??= new Map()).set(seq, key);
  }

  /** The items from position `from` to before `to`. */
  slice(from: number, to: number): Group {
    return this.filter((_, i) => i >= from && i < to);
  }

  filter(isWanted: (seq: number, i: number) => boolean): Group {
    const some = new Group(this.captures.length, this.isIn);
    some.#keys = this.#keys;
    for (const [i, seq] of this.seqs.entries()) {
      if (!isWanted(seq, i)) continue;
      some.seqs.push(seq);
      for (const [sink, { ends, captured }] of this.captures.entries()) {
        const own = some.captures[sink]!;
        for (let at = i === 0 ? 0 : ends[i - 1]!; at < ends[i]!; at++) own.captured.push(captured[at]);
        own.ends.push(own.captured.length);
      }
    }
    return some;
  }

  /** The batch for the sink at this position. */
  batch(sink: number, run: string): Batch {
    return batchOf({ seqs: this.seqs, items: this.items, ...this.captures[sink]!, run, keys: this.#keys });
  }
}
