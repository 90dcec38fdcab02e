/**
 * How much work a consumer is lent: about `targetMs` of it. Little's law: items under way = rate × time, so the
 * allowance is the consumer's measured rate times the target, and never less than its slots.
 *
 * It starts at the slots and at most doubles with each completed delivery, so that slow items are never heaped on
 * whoever asked first; it shrinks at once when items turn slow.
 */
const targetMs = 75;
// Below this, a measured time is the clock's grain rather than work.
const shortestMs = 0.05;

export class Sizing {
  readonly #slots: number;
  #allowance: number;
  /** Items settled so far: the difference between two moments is the work done between them. */
  #settled = 0;

  constructor(slots: number) {
    this.#slots = slots;
    this.#allowance = slots;
  }

  /** Items that the consumer may hold at a time. */
  get allowance(): number {
    return this.#allowance;
  }

  /** To be kept with a delivery from the moment it is lent. */
  lent(now: number): SizingMark {
    return { at: now, settled: this.#settled };
  }

  settled(items: number): void {
    this.#settled += items;
  }

  /** A delivery has been settled entirely. */
  completed(mark: SizingMark, now: number): void {
    const rate = (this.#settled - mark.settled) / Math.max(now - mark.at, shortestMs);
    const wanted = Math.ceil(rate * targetMs);
    this.#allowance = Math.max(this.#slots, Math.min(wanted, this.#allowance * 2));
  }
}

export interface SizingMark {
  at: number;
  settled: number;
}
