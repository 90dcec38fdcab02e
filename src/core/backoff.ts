/** Waiting times that double from `baseMs` up to `capMs`. */
export interface Backoff {
  baseMs: number;
  capMs: number;
}

/**
 * Full jitter: anything between 0 and the doubled time, so that items that failed together do not run again together.
 * `attempt` counts from 1; `random` is in [0, 1).
 * See "Exponential Backoff And Jitter", M. Brooker, AWS Architecture Blog, 2015.
 */
export function fullJitter(backoff: Backoff, attempt: number, random: number): number {
  return Math.round(random * doubled(backoff, attempt));
}

/** Equal jitter: at least half of the doubled time, for waits that must not be near zero. */
export function equalJitter(backoff: Backoff, attempt: number, random: number): number {
  const full = doubled(backoff, attempt);
  return Math.round(full / 2 + (random * full) / 2);
}

/** The time for the `attempt`th wait, counted from 1, without randomness. */
export function doubled({ baseMs, capMs }: Backoff, attempt: number): number {
  return Math.min(capMs, baseMs * 2 ** Math.min(attempt - 1, 50));
}
