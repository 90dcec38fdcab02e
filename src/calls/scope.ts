import type { Clock } from '../core/clock.ts';
import type { Fetch, UnderLimit } from '../pipeline/context.ts';
import type { FetchFor } from './fetch.ts';
import { type ItemPermits, itemPermits } from './item-permits.ts';
import type { Permits } from './permits.ts';
import { underLimit } from './under-limit.ts';

/** What one item, or the source, calls out with. */
export interface CallScope {
  readonly fetch: Fetch;
  readonly limit: UnderLimit;
  /** Its work has settled: whatever of it is in line, on the wire, or has a body to come, is cancelled. Idempotent. */
  readonly close: () => void;
}

/** The item that a call is made for. */
export interface Caller {
  /** Aborts when its time ends, and when it has settled. */
  readonly signal: AbortSignal;
  readonly permits: ItemPermits;
}

export interface ScopeDeps {
  readonly fetch: FetchFor;
  readonly permits: Permits;
  readonly clock: Clock;
}

/** Opens the scope of an item whose time ends when `itemSignal` aborts. Costs next to nothing until something is called. */
export function openScope({ fetch, permits, clock }: ScopeDeps, itemSignal: AbortSignal): CallScope {
  const unsettled = new Set<Promise<unknown>>();
  const controller = new AbortController();
  const follow = (): void => controller.abort(itemSignal.reason);
  let caller: Caller | undefined;

  function opened(): Caller {
    if (caller !== undefined) return caller;
    if (itemSignal.aborted) follow();
    else itemSignal.addEventListener('abort', follow);
    caller = { signal: controller.signal, permits: itemPermits(permits, clock, controller.signal) };
    return caller;
  }

  function watched<Result>(call: Promise<Result>): Promise<Result> {
    const result = call.finally(() => unsettled.delete(result));
    unsettled.add(result);
    return result;
  }

  return {
    fetch: (input, options = {}) => watched(fetch(input, options, opened())),

    limit: (name, task) => watched(underLimit(opened().permits, name, task)),

    close() {
      itemSignal.removeEventListener('abort', follow);
      // A call that nobody waits for must not bring the process down for having been cancelled.
      for (const call of unsettled) call.catch(() => {});
      controller.abort(new DOMException('the item is settled: its calls are cancelled', 'AbortError'));
    },
  };
}
