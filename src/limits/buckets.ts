/** How many buckets cover one period of the rate. A few more can be in use at once, but never more than 64. */
const perPeriod = 25;

/** Buckets from the spool that are closer together than this share of a bucket are joined. Rounding alone never does that. */
const joined = 0.9;

interface Bucket {
  readonly from: number;
  readonly end: number;
  count: number;
}

/**
 * A short record of the calls of the last period, for the spool: how many, and by when. Each bucket begins with its first
 * call and holds the calls that follow within a twenty-fifth of the period. All of them count as made at its end, so a
 * remembered call is never earlier than the real one.
 *
 * Buckets that come back from the spool keep their ends. If they were cut again, each restart would move them a little
 * later, and a service in a crash loop would never be allowed another call.
 */
export class Buckets {
  readonly #perMs: number;
  readonly #widthMs: number;
  #buckets: Bucket[] = [];

  constructor(perMs: number) {
    this.#perMs = perMs;
    this.#widthMs = perMs / perPeriod;
  }

  /** One call at `at`, not before any earlier one. */
  add(at: number): void {
    const last = this.#buckets.at(-1);
    if (last !== undefined && at <= last.end) last.count++;
    else this.#buckets.push({ from: at, end: at + this.#widthMs, count: 1 });
  }

  /** `count` calls that count as made at `end`. In rising order, before any `add`. */
  recall(end: number, count: number): void {
    const last = this.#buckets.at(-1);
    // They are this close only if the rate has been changed since; they count as made at the later end.
    if (last !== undefined && end - last.from < joined * this.#widthMs) {
      this.#buckets[this.#buckets.length - 1] = { from: last.from, end, count: last.count + count };
    } else {
      this.#buckets.push({ from: end, end, count });
    }
  }

  /** The buckets that still matter at `now`, oldest first. */
  list(now: number): readonly Readonly<Bucket>[] {
    this.#buckets = this.#buckets.filter(({ end }) => end + this.#perMs > now);
    return this.#buckets;
  }
}
