/** How many calls a vendor accepts at a time, and how many per period. */
export interface GateOptions {
  /** Calls in flight. */
  readonly concurrency: number;
  /** At most `calls` begun in any `perMs` milliseconds. */
  readonly rate?: { readonly calls: number; readonly perMs: number } | undefined;
}

export type Entry = { readonly status: 'entered' } | { readonly status: 'refused'; readonly retryAfterMs: number };

/** Long enough for a call to end; a vendor does not know when one will. */
const crowdedRetryAfterMs = 1000;

/** Lets calls in up to the vendor's limits, and counts them. Time is passed in. */
export class Gate {
  readonly #options: GateOptions;
  /** When the latest calls entered: as many as the rate counts. */
  readonly #entered: number[] = [];
  inFlight = 0;
  mostInFlight = 0;
  calls = 0;
  refused = 0;

  constructor(options: GateOptions) {
    this.#options = options;
  }

  /** Lets a call in, or says when to come again. Each call that entered must `leave()` once. */
  enter(nowMs: number): Entry {
    this.calls++;
    const retryAfterMs = this.#waitMs(nowMs);
    if (retryAfterMs > 0) {
      this.refused++;
      return { status: 'refused', retryAfterMs };
    }
    const { rate } = this.#options;
    if (rate) {
      this.#entered.push(nowMs);
      if (this.#entered.length > rate.calls) this.#entered.shift();
    }
    this.inFlight++;
    this.mostInFlight = Math.max(this.mostInFlight, this.inFlight);
    return { status: 'entered' };
  }

  leave(): void {
    if (this.inFlight === 0) throw new Error('a call left the gate that had not entered');
    this.inFlight--;
  }

  #waitMs(nowMs: number): number {
    const { concurrency, rate } = this.#options;
    if (this.inFlight >= concurrency) return crowdedRetryAfterMs;
    if (!rate || this.#entered.length < rate.calls) return 0;
    // The oldest of the last `calls` must have left the period before another may begin.
    return Math.max(0, this.#entered[0]! + rate.perMs - nowMs);
  }
}
