/** A consumer announces about this much work at a time before it starts it. */
const aheadMs = 10;
// A measured time below this is the clock's resolution rather than work.
const shortestMs = 0.05;

/**
 * How many items a consumer announces at a time. Announced items count as started if it dies, so slow items are
 * announced one by one, and fast ones by the hundred, so that announcing them costs nothing. Pure: time is passed in.
 */
export class Ahead {
  #size = 1;
  #last: { at: number; items: number } | undefined;

  /** How many to announce at `now`. At most doubles from one announcement to the next. */
  size(now: number): number {
    if (this.#last) {
      const { at, items } = this.#last;
      const wanted = Math.ceil((items * aheadMs) / Math.max(now - at, shortestMs));
      this.#size = Math.max(Math.ceil(this.#size / 2), Math.min(wanted, this.#size * 2));
    }
    return this.#size;
  }

  /** Counts announced items. */
  announced(items: number, now: number): void {
    this.#last = { at: now, items };
  }
}
