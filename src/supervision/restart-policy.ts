import { equalJitter, type Backoff } from '../core/backoff.ts';

export interface RestartLimits {
  /** More crashes than this within `periodMs` park the post. */
  crashes: number;
  periodMs: number;
}

const backoff: Backoff = { baseMs: 250, capMs: 30_000 };
/** A process that lived this long was healthy: the back-off starts over. */
const healthyMs = 60_000;

/** When a crashed process is replaced, and when not any more: at most N crashes within a period, as in OTP's supervisors. */
export class RestartPolicy {
  readonly #limits: RestartLimits;
  #crashes: number[] = [];
  #inARow = 0;

  constructor(limits: RestartLimits) {
    this.#limits = limits;
  }

  /** A process that had lived for `livedMs` crashed at `now` (monotonic). `random` is in [0, 1). */
  crashed(
    now: number,
    livedMs: number,
    random: number,
  ): { kind: 'restart'; inMs: number } | { kind: 'park'; crashes: number } {
    this.#crashes = this.#crashes.filter((at) => now - at < this.#limits.periodMs);
    this.#crashes.push(now);
    this.#inARow = livedMs >= healthyMs ? 1 : this.#inARow + 1;
    if (this.#crashes.length > this.#limits.crashes) return { kind: 'park', crashes: this.#crashes.length };
    return { kind: 'restart', inMs: equalJitter(backoff, this.#inARow, random) };
  }
}
