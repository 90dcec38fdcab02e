/** A run of whole numbers that includes both ends. */
export type Interval = readonly [from: number, to: number];

/**
 * A set of whole numbers, kept as disjoint, sorted, non-adjacent intervals. Its size depends on the number of gaps. Adding at
 * the upper end, the usual case, takes constant time; elsewhere it takes logarithmic time plus the shift of the array.
 */
export class Intervals implements Iterable<Interval> {
  // Flat: [from, to, from, to, …].
  #ends: number[] = [];
  #size = 0;

  static of(...intervals: Interval[]): Intervals {
    const set = new Intervals();
    for (const [from, to] of intervals) set.add(from, to);
    return set;
  }

  /** Reads the form that `toFlat()` returns. Throws a TypeError if `flat` is not an even list of rising whole numbers. */
  static fromFlat(flat: readonly number[]): Intervals {
    const set = new Intervals();
    if (flat.length % 2 !== 0) throw new TypeError('intervals: expected pairs of numbers');
    for (let i = 0; i < flat.length; i += 2) {
      const from = flat[i]!;
      const to = flat[i + 1]!;
      if (!Number.isSafeInteger(from) || !Number.isSafeInteger(to) || from > to) {
        throw new TypeError(`intervals: [${from}, ${to}] is not a run of whole numbers`);
      }
      if (i > 0 && from <= flat[i - 1]!) throw new TypeError(`intervals: ${from} follows ${flat[i - 1]}`);
      set.add(from, to);
    }
    return set;
  }

  /** How many numbers are in the set. */
  get size(): number {
    return this.#size;
  }

  get isEmpty(): boolean {
    return this.#size === 0;
  }

  /** The smallest number, or undefined. */
  get first(): number | undefined {
    return this.#ends[0];
  }

  /** The largest number, or undefined. */
  get last(): number | undefined {
    return this.#ends.at(-1);
  }

  has(value: number): boolean {
    const i = this.#find(value);
    return i < this.#ends.length && this.#ends[i]! <= value;
  }

  /** Adds `from`…`to`. Returns how many of them were new. If `to` is less than `from`, it adds nothing. */
  add(from: number, to: number = from): number {
    if (from > to) return 0;
    const ends = this.#ends;
    const length = ends.length;
    const lastTo = length === 0 ? -Infinity : ends[length - 1]!;
    if (from > lastTo) {
      if (from === lastTo + 1) ends[length - 1] = to;
      else ends.push(from, to);
      this.#size += to - from + 1;
      return to - from + 1;
    }
    // `low`: first interval that touches [from, to]; `high`: first one beyond it.
    const low = this.#find(from - 1);
    let high = low;
    let start = from;
    let end = to;
    let covered = 0;
    while (high < ends.length && ends[high]! <= to + 1) {
      start = Math.min(start, ends[high]!);
      end = Math.max(end, ends[high + 1]!);
      covered += ends[high + 1]! - ends[high]! + 1;
      high += 2;
    }
    ends.splice(low, high - low, start, end);
    const added = end - start + 1 - covered;
    this.#size += added;
    return added;
  }

  /** Removes `from`…`to`. Returns how many of them were in the set. */
  delete(from: number, to: number = from): number {
    if (from > to) return 0;
    const ends = this.#ends;
    const low = this.#find(from);
    let high = low;
    let removed = 0;
    const kept: number[] = [];
    while (high < ends.length && ends[high]! <= to) {
      const a = ends[high]!;
      const b = ends[high + 1]!;
      removed += Math.min(b, to) - Math.max(a, from) + 1;
      if (a < from) kept.push(a, from - 1);
      if (b > to) kept.push(to + 1, b);
      high += 2;
    }
    if (high > low) ends.splice(low, high - low, ...kept);
    this.#size -= removed;
    return removed;
  }

  /** The numbers of `from`…`to` that are not in the set, as intervals. */
  *gaps(from: number, to: number): Generator<Interval> {
    let next = from;
    for (let i = this.#find(from); i < this.#ends.length && this.#ends[i]! <= to; i += 2) {
      if (this.#ends[i]! > next) yield [next, this.#ends[i]! - 1];
      next = this.#ends[i + 1]! + 1;
    }
    if (next <= to) yield [next, to];
  }

  /** The numbers of `from`…`to` that are in the set, as intervals. */
  *within(from: number, to: number): Generator<Interval> {
    if (from > to) return;
    for (let i = this.#find(from); i < this.#ends.length && this.#ends[i]! <= to; i += 2) {
      yield [Math.max(this.#ends[i]!, from), Math.min(this.#ends[i + 1]!, to)];
    }
  }

  *[Symbol.iterator](): Generator<Interval> {
    for (let i = 0; i < this.#ends.length; i += 2) yield [this.#ends[i]!, this.#ends[i + 1]!];
  }

  /** `[from, to, from, to, …]`: the form in which it is sent and stored. */
  toFlat(): number[] {
    return this.#ends.slice();
  }

  /** Index (even) of the first interval whose end is at or beyond `value`. */
  #find(value: number): number {
    const ends = this.#ends;
    let low = 0;
    let high = ends.length / 2;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (ends[middle * 2 + 1]! < value) low = middle + 1;
      else high = middle;
    }
    return low * 2;
  }
}
