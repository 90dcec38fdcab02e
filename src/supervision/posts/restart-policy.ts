import { equalJitter, type Backoff } from '../../core/backoff.ts';

export interface RestartLimits {
  /** More crashes than this within `periodMs`, or more failed starts than this in a row, park the post. */
  crashes: number;
  periodMs: number;
}

const backoff: Backoff = { baseMs: 250, capMs: 30_000 };
/** A process that lived this long was healthy: the back-off starts over. */
const healthyMs = 60_000;

/**
 * A crash, and what is to blame: the process, an item that it ran, or an external service that was unreachable. While
 * items are accused of it, the answer is open; `whenSolved` calls its listener when the answer is known. A crash counts
 * towards the limit only if the process is to blame, from the moment that is known.
 */
export type Crash =
  | { readonly blame: 'process' | 'item' | 'outside' }
  | { readonly blame: 'open'; readonly whenSolved: (listener: (blame: Solved) => void) => void };

/** The verdict when items were accused of a crash. */
export type Solved = 'process' | 'item';

/** The life of a process that crashed. If it never became ready, that is a failed start. */
export interface Life {
  livedMs: number;
  wasReady: boolean;
}

export type RestartVerdict =
  | { kind: 'restart'; inMs: number }
  /** The count: crashes within the period, or failed starts in a row. */
  | { kind: 'park'; crashes: number; of: 'crashes' | 'failed starts' };

/**
 * Decides when a crashed process is replaced, and when its post is given up: after more than N crashes within a period,
 * as in OTP's supervisors, or more than N failed starts in a row. A start that times out takes so long that N of them
 * never fall within one period.
 */
export class RestartPolicy {
  readonly #limits: RestartLimits;
  #crashes: { at: number; blame: Crash['blame'] }[] = [];
  #inARow = 0;
  #failedStarts = 0;

  constructor(limits: RestartLimits) {
    this.#limits = limits;
  }

  /** A process crashed at `now` (monotonic). `random` is in [0, 1). */
  crashed(now: number, life: Life, random: number, crash: Crash = { blame: 'process' }): RestartVerdict {
    const wasItem = this.#crashes.at(-1)?.blame === 'item';
    this.#crashes = this.#crashes.filter(({ at }) => now - at < this.#limits.periodMs);
    const past = { at: now, blame: crash.blame };
    this.#crashes.push(past);
    if (crash.blame === 'open') crash.whenSolved((blame) => (past.blame = blame));
    const wasHealthy = life.wasReady && life.livedMs >= healthyMs;
    const isFirst = wasHealthy || wasItem || crash.blame === 'item';
    this.#inARow = isFirst ? 1 : this.#inARow + 1;
    if (life.wasReady) this.#failedStarts = 0;
    else if (crash.blame === 'process') this.#failedStarts += 1;
    const counted = this.#crashes.filter(({ blame }) => blame === 'process').length;
    if (counted > this.#limits.crashes) return { kind: 'park', crashes: counted, of: 'crashes' };
    if (this.#failedStarts > this.#limits.crashes)
      return { kind: 'park', crashes: this.#failedStarts, of: 'failed starts' };
    return { kind: 'restart', inMs: equalJitter(backoff, this.#inARow, random) };
  }
}
