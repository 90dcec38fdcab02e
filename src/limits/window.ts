import type { Rate } from './rate.ts';

/**
 * How long after it was announced a call counts as still on its way, as a share of the rate's period.
 *
 * A vendor counts arrivals; we know grants. Between them are two messages, the child's event loop and the network, and
 * the delay differs from call to call. If a slow call is followed, one period after its *grant*, by a quick one, the
 * vendor sees both in one of its windows. A call that is over has arrived, so it is counted from its end, but never from
 * later than this share after its grant. Calls that take longer than that cost a twentieth of the allowance, quick calls
 * cost next to nothing.
 */
const travelShare = 1 / 20;

/**
 * After a pause, calls take at most this much longer: code is loaded, connections are opened. Measured: without this, a
 * hundred calls in the first second and a hundred in the next were two hundred in one second at the vendor.
 */
const coldTravelMs = 250;

/** How long connections are kept. A process that was idle for longer has none. */
const keptMs = 4000;

/** Unused space at the front of the list that is not worth a copy. */
const slack = 1024;

/**
 * A strict sliding window: at most `count` calls in any half-open interval of `perMs`. A vendor that counts in sliding
 * windows, or in fixed windows wherever they begin, never sees one call too many, and the whole allowance can be used.
 *
 * It keeps a list of the latest calls, each with the latest time at which it can have arrived. Another call is allowed
 * while fewer than `count` are younger than `perMs`. Every call goes in and out once: constant time, amortised.
 */
export class Window {
  readonly #rate: Rate;
  readonly #warmMs: number;
  readonly #coldMs: number;
  // Oldest first by grant. An early end can make a time smaller than the previous one; removing calls in the order of
  // the grants then frees a place a little late, never early.
  #arrivals: number[] = [];
  #head = 0;
  /** Ticket of `#arrivals[0]`. */
  #first = 0;
  #lastEnd = -Infinity;

  constructor(rate: Rate) {
    this.#rate = rate;
    this.#warmMs = rate.perMs * travelShare;
    this.#coldMs = Math.max(this.#warmMs, Math.min(rate.perMs, coldTravelMs));
  }

  /** Whether a call may be made at `now`. */
  isOpen(now: number): boolean {
    this.#forget(now);
    return this.#size < this.#rate.count;
  }

  /**
   * The earliest time at which there can be space, as far as is known at `now`; Infinity if that depends on an
   * announcement.
   */
  opensAt(now: number): number {
    return this.isOpen(now) ? now : this.#arrivals[this.#head]! + this.#rate.perMs;
  }

  /** The time by which a call announced at `now` will have arrived in any case. */
  arrivalOf(now: number): number {
    return now + (now - this.#lastEnd <= keptMs ? this.#warmMs : this.#coldMs);
  }

  /**
   * Counts a call that has been granted but not yet announced; returns its ticket. The caller has checked `isOpen`.
   * Until it is announced it may still arrive at any time, so it keeps its place: a delayed commit must not let calls
   * pile up and then announce them all at once.
   */
  add(): number {
    return this.#push(Infinity);
  }

  /** The call with this ticket was announced. */
  announced(ticket: number, now: number): void {
    const index = ticket - this.#first;
    if (this.#arrivals[index] === Infinity) this.#arrivals[index] = this.arrivalOf(now);
  }

  /** The call with this ticket is over, so it has arrived. */
  ended(ticket: number, now: number): void {
    this.#lastEnd = now;
    const index = ticket - this.#first;
    // Missing, or in the past, if it was slow or has been forgotten.
    if (this.#arrivals[index]! > now) this.#arrivals[index] = now;
  }

  /** Counts `count` calls of an earlier process as if they had arrived at `at`. In rising order of `at`, before any `add`. */
  recall(at: number, count: number): void {
    // If there are more than the rate allows, because it was higher then, they take no more space than a full window.
    for (let i = Math.min(count, this.#rate.count); i > 0; i--) this.#push(at);
  }

  get #size(): number {
    return this.#arrivals.length - this.#head;
  }

  #push(at: number): number {
    return this.#first + this.#arrivals.push(at) - 1;
  }

  #forget(now: number): void {
    while (this.#head < this.#arrivals.length && this.#arrivals[this.#head]! + this.#rate.perMs <= now) this.#head++;
    if (this.#head > slack && this.#head > this.#size) {
      this.#arrivals = this.#arrivals.slice(this.#head);
      this.#first += this.#head;
      this.#head = 0;
    }
  }
}
