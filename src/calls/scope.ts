import { cancellation } from '../core/cancellation.ts';
import type { Clock } from '../core/clock.ts';
import type { Fetch, UnderLimit } from '../pipeline/context.ts';
import { Abortables } from './abortables.ts';
import type { Caller } from './call.ts';
import type { FetchFor } from './fetch.ts';
import { itemPermits } from './item-permits.ts';
import type { Nesting } from './nesting.ts';
import type { Permits } from './permits.ts';
import { type Vain, Waits } from './waits.ts';
import { underPermit } from './under-permit.ts';

/** The calling functions of one item, or of the source. */
export interface CallScope {
  readonly fetch: Fetch;
  readonly limit: UnderLimit;
  /** The limits under which calls were made. */
  readonly used: ReadonlySet<string>;
  /** Whether it only waits for things that will not come in time: the item can be given back. */
  readonly waitsInVain: (vain: Vain) => boolean;
  /**
   * Its work has settled: calls that wait for a permit, are on the wire, or still receive a body are cancelled.
   * Idempotent.
   */
  readonly close: () => void;
}

export interface ScopeDeps {
  readonly fetch: FetchFor;
  readonly nesting: Nesting;
  readonly permits: Permits;
  readonly clock: Clock;
}

/** One for all, because creating one takes longer than everything else here. */
const settled = cancellation(new DOMException('the item is settled: its calls are cancelled', 'AbortError'));

const none: ReadonlySet<string> = new Set();

/** Opens the scope of an item whose time ends when `itemSignal` aborts. Costs next to nothing until the first call. */
export function openScope({ fetch, permits, nesting, clock }: ScopeDeps, itemSignal: AbortSignal): CallScope {
  const abortables = new Abortables();
  const waits = new Waits();
  /** The reason with which `close` aborts calls. */
  const cancellable = new Set<Promise<unknown>>();
  const follow = (): void => abortables.abortAll(itemSignal.reason);
  let caller: Caller | undefined;

  function opened(): Caller {
    if (caller !== undefined) return caller;
    if (itemSignal.aborted) follow();
    else itemSignal.addEventListener('abort', follow);
    caller = { permits: itemPermits(permits, clock, itemSignal, waits), abortables, waits };
    return caller;
  }

  return {
    get used() {
      return caller?.permits.used ?? none;
    },

    fetch(input, options = {}) {
      const refusal = options.limit === undefined ? undefined : nesting.refusal(options.limit);
      if (refusal) return Promise.reject(refusal);
      const ended = waits.begin();
      const answer = fetch(input, options, opened()).finally(() => {
        ended();
        cancellable.delete(answer);
      });
      cancellable.add(answer);
      return answer;
    },

    limit(name, task) {
      const refusal = nesting.refusal(name);
      if (refusal) return Promise.reject(refusal);
      const { permits: own } = opened();
      const inLine = abortables.begin();
      const permit = own.acquire(name, inLine.signal).finally(() => {
        inLine.done();
        // From here on only the task itself can fail. That must stay an unhandled rejection if it is not handled.
        cancellable.delete(result);
      });
      const result = underPermit(permit, nesting.under(name, task)).finally(waits.begin());
      cancellable.add(result);
      return result;
    },

    waitsInVain: (vain) => waits.areInVain(abortables.size, vain),

    close() {
      itemSignal.removeEventListener('abort', follow);
      // A call that is not awaited must not bring down the process because it was cancelled.
      for (const call of cancellable) call.catch(() => {});
      abortables.abortAll(settled);
    },
  };
}
