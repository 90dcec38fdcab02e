import { seededRandom } from '../../../src/core/seeded-random.ts';

/** All randomness, from one seed. */
export class Random {
  /** A number from 0 up to, but not including, 1. */
  readonly next: () => number;

  constructor(seed: number) {
    this.next = seededRandom(seed);
  }

  /** A whole number from `low` to `high`, including both. */
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

  /** Some elements of `from`, at least one, in order. */
  some<T>(from: readonly T[]): T[] {
    const share = this.next();
    const chosen = from.filter(() => this.chance(share));
    return chosen.length > 0 ? chosen : [this.pick(from)];
  }

  /** A number between `low` and `high`, evenly distributed over the orders of magnitude. */
  magnitude(low: number, high: number): number {
    return low * (high / low) ** this.next();
  }
}
