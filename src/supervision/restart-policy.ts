import { equalJitter, type Backoff } from '../core/backoff.ts';

export interface RestartLimits {
  /** More crashes than this within `periodMs` park the post. */
  crashes: number;
  periodMs: number;
}

const backoff: Backoff = { baseMs: 250, capMs: 30_000 };
/** A process that lived this long was healthy: the back-off starts over. */
const healthyMs = 60_000;

/**
 * A crash, and who is to blame: the process, or an item that it ran, or something outside that it could not reach; or it
 * is open: items are accused of it. It counts towards the limit only if the process is to blame, from when that is known.
 */
export interface Crash {
  blame: 'process' | 'item' | 'outside' | 'open';
}

/** When a crashed process is replaced, and when not any more: at most N crashes within a period, as in OTP's supervisors. */
export class RestartPolicy {
  readonly #limits: RestartLimits;
  #crashes: { at: number; crash: Crash }[] = [];
  #inARow = 0;

  constructor(limits: RestartLimits) {
    this.#limits = limits;
  }

  /**
   * A process that had lived for `livedMs` crashed at `now` (monotonic). `random` is in [0, 1). Of an open crash the
   * caller says later, by changing `crash`, who is to blame.
   */
  crashed(
    now: number,
    livedMs: number,
    random: number,
    crash: Crash = { blame: 'process' },
  ): { kind: 'restart'; inMs: number } | { kind: 'park'; crashes: number } {
    const wasItem = this.#crashes.at(-1)?.crash.blame === 'item';
    this.#crashes = this.#crashes.filter(({ at }) => now - at < this.#limits.periodMs);
    this.#crashes.push({ at: now, crash });
    const isFirst = livedMs >= healthyMs || wasItem || crash.blame === 'item';
    this.#inARow = isFirst ? 1 : this.#inARow + 1;
    const counted = this.#crashes.filter((past) => past.crash.blame === 'process').length;
    if (counted > this.#limits.crashes) return { kind: 'park', crashes: counted };
    return { kind: 'restart', inMs: equalJitter(backoff, this.#inARow, random) };
  }
}
