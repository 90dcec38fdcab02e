import type { Clock } from '../core/clock.ts';
import type { Acquire, Freeze, Granted, Refused, Release } from '../ipc/messages.ts';
import type { Fetch, UnderLimit } from '../pipeline/context.ts';
import { createFetch } from './fetch.ts';
import { createPermits } from './permits.ts';

/** What one item, or the source, calls out with. */
export interface CallScope {
  readonly fetch: Fetch;
  readonly limit: UnderLimit;
  /** Its work has settled: answers that it has not read to the end are cancelled, and give their permits back. */
  close: () => void;
}

/** How a child calls out: under limits that the supervisor keeps for all processes. One of these per process. */
export interface Calls {
  scope: (signal: AbortSignal) => CallScope;
  /** Runs `task` under a permit of `limit`. */
  exclusive: <T>(limit: string, task: () => T | Promise<T>) => Promise<T>;
  onGranted: (message: Granted) => void;
  onRefused: (message: Refused) => void;
  /** What is being waited for longest; null if nothing is. */
  waitingFor: () => string | null;
}

export interface CallsDeps {
  readonly send: (message: Acquire | Release | Freeze) => void;
  readonly clock: Clock;
  readonly random: () => number;
}

export function createCalls({ send, clock, random }: CallsDeps): Calls {
  const permits = createPermits(send);
  const startCalling = createFetch({ permits, clock, random });
  const under = async <T>(name: string, task: () => T | PromiseLike<T>, signal?: AbortSignal): Promise<T> => {
    const permit = await permits.acquire(name, signal);
    try {
      return await task();
    } finally {
      permit.release();
    }
  };
  return {
    scope: (signal) => {
      const started = startCalling(signal);
      return { fetch: started.fetch, limit: (name, task) => under(name, task, signal), close: () => started.cancelAll() };
    },
    exclusive: (name, task) => under(name, task),
    onGranted: (message) => permits.onGranted(message),
    onRefused: (message) => permits.onRefused(message),
    waitingFor: () => permits.waitingFor(),
  };
}
