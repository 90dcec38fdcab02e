/**
 * Numbers that look random and follow from one 32-bit seed: Mulberry32, with the constants of its author
 * (Tommy Ettinger, 2017, public domain; https://gist.github.com/tommyettinger/46a874533244883189143505d203312c).
 */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** From 0 up to, but not including, 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number from `low` to `high`, both included. */
  whole(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1));
  }

  /** True in `share` of all cases. */
  chance(share: number): boolean {
    return this.next() < share;
  }

  pick<T>(from: readonly [T, ...T[]] | readonly T[]): T {
    return from[Math.floor(this.next() * from.length)]!;
  }

  /** Some of `from`, at least one, in their order. */
  some<T>(from: readonly T[]): T[] {
    const share = this.next();
    const chosen = from.filter(() => this.chance(share));
    return chosen.length > 0 ? chosen : [this.pick(from)];
  }

  /** Between `low` and `high`, evenly over their orders of magnitude. */
  magnitude(low: number, high: number): number {
    return low * (high / low) ** this.next();
  }
}
