import type { Intervals } from '../core/intervals.ts';

/**
 * Tracks which limits were used by items whose results are on their way to the sink. Costs nothing for items that use
 * none.
 */
export class LimitUses {
  readonly #bySeq = new Map<number, ReadonlySet<string>>();

  add(seq: number, limits: ReadonlySet<string> | undefined): void {
    if (limits !== undefined && limits.size > 0) this.#bySeq.set(seq, limits);
  }

  forget(seq: number): void {
    this.#bySeq.delete(seq);
  }

  /** Removes these items, and returns how many of them used which limit. */
  take(items: Intervals): Map<string, number> {
    const counts = new Map<string, number>();
    if (this.#bySeq.size === 0) return counts;
    for (const [from, to] of items) {
      for (let seq = from; seq <= to; seq++) {
        for (const limit of this.#bySeq.get(seq) ?? []) counts.set(limit, (counts.get(limit) ?? 0) + 1);
        this.#bySeq.delete(seq);
      }
    }
    return counts;
  }
}
