import type { Clock } from '../core/clock.ts';
import { RetryAfter } from '../core/errors.ts';
import type { Permits } from './permits.ts';
import { Waits } from './waits.ts';

/** The shortest time for which an item is postponed. */
const leastMs = 1000;

/** The permits of a process as one item sees them. */
export interface ItemPermits extends Pick<Permits, 'acquire' | 'freeze'> {
  /** The limits that granted it permits. */
  readonly used: ReadonlySet<string>;
}

/**
 * Permits for an item whose time ends when `itemSignal` aborts. If that happens while it waits, `acquire` rejects with
 * `RetryAfter`, so that no attempt is used, provided the wait is to blame: the item itself has learned that the limit is
 * frozen, or it got no permit at all for the latter half of its time since its first call. An item that got permits all
 * along is simply too slow for its time; if it were postponed, it would come back forever.
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
          `the item timed out while waiting for a permit of limit "${limit}"`,
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
