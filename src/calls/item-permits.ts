import type { Clock } from '../core/clock.ts';
import { RetryAfter } from '../core/errors.ts';
import type { Permits } from './permits.ts';
import { Waits } from './waits.ts';

/** An item is not put off for less than this. */
const leastMs = 1000;

/** The permits of a process as one item sees them. */
export interface ItemPermits extends Pick<Permits, 'acquire' | 'freeze'> {
  /** The limits that granted it permits. */
  readonly used: ReadonlySet<string>;
}

/**
 * Permits for an item whose time ends when `itemSignal` aborts. If that happens in line, `acquire` rejects with
 * `RetryAfter`, so that no attempt is used, provided the line is to blame: the item itself was told that the limit
 * is frozen, or for the latter half of its time since its first call it was given no permit at all. An item that was
 * given permits all along is simply too slow for its time; were it put off, it would come back for ever.
 */
export function itemPermits(permits: Permits, clock: Clock, itemSignal: AbortSignal, waits = new Waits()): ItemPermits {
  const began = clock.now();
  let lastGrant = began;
  const frozenUntil = new Map<string, number>();
  const used = new Set<string>();

  function isLineToBlame(now: number, frozenMs: number): boolean {
    return frozenMs > 0 || now - lastGrant >= (now - began) / 2;
  }

  return {
    used,

    async acquire(limit, signal = itemSignal, timeoutMs) {
      signal.throwIfAborted();
      try {
        const permit = await waits.during({ limit }, permits.acquire(limit, signal, timeoutMs));
        lastGrant = clock.now();
        used.add(limit);
        return permit;
      } catch (error) {
        if (!itemSignal.aborted || error !== itemSignal.reason) throw error;
        const now = clock.now();
        const frozenMs = (frozenUntil.get(limit) ?? now) - now;
        if (!isLineToBlame(now, frozenMs)) throw error;
        throw new RetryAfter(
          Math.max(leastMs, frozenMs),
          `the item's time ended in line for a permit of limit "${limit}"`,
          { cause: error },
        );
      }
    },

    freeze(limit, ms) {
      frozenUntil.set(limit, clock.now() + (ms ?? leastMs));
      permits.freeze(limit, ms);
    },
  };
}
