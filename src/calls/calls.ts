import type { Clock } from '../core/clock.ts';
import type { Log } from '../pipeline/context.ts';
import type { Acquire, Freeze, Granted, Refused, Release } from '../ipc/messages.ts';
import type { Text } from '../values/text.ts';
import { createFetch, type FetchFor } from './fetch.ts';
import { Nesting } from './nesting.ts';
import { createPermits } from './permits.ts';
import { Repeats } from './repeats.ts';
import { type CallScope, openScope } from './scope.ts';
import type { Vain } from './waits.ts';
import { underPermit } from './under-permit.ts';

export type { CallScope, Vain };

/** How a child makes calls: under limits that the supervisor keeps for all processes. One object per process. */
export interface Calls {
  scope: (signal: AbortSignal) => CallScope;
  /** Runs `task` under a permit of `limit`; rejects with the reason of `signal` if that aborts first. */
  exclusive: <T>(limit: string, task: () => Promise<T>, signal: AbortSignal) => Promise<T>;
  onGranted: (message: Granted) => void;
  onRefused: (message: Refused) => void;
  /** The longest wait, for a permit or for the next attempt of a call; null if there is none. */
  waitingFor: () => string | null;
  /** The call that has waited longest for its next attempt; null if none waits. */
  repeating: () => string | null;
}

export interface CallsDeps {
  readonly send: (message: Acquire | Release | Freeze) => void;
  readonly clock: Clock;
  readonly random: () => number;
  /** Whether a limit has a concurrency, so that its permits are held. */
  readonly isConcurrent: (limit: string) => boolean;
  /** The limits of the pipeline, by name. */
  readonly limits?: () => readonly string[];
  /** Fills params and secrets into a header. */
  readonly resolve: (text: Text) => string;
  /** Logs repeated calls, and the first call without a limit. */
  readonly log?: Pick<Log, 'info'>;
}

export function createCalls({ send, clock, random, isConcurrent, limits, log, resolve }: CallsDeps): Calls {
  const permits = createPermits(send);
  const repeats = new Repeats(clock, log);
  const fetch = noteUnlimited(createFetch({ clock, random, repeats, resolve }), limits, log);
  const nesting = new Nesting(isConcurrent);
  return {
    scope: (signal) => openScope({ fetch, permits, nesting, clock }, signal),
    exclusive: (name, task, signal) => underPermit(permits.acquire(name, signal), task),
    onGranted: (message) => permits.onGranted(message),
    onRefused: (message) => permits.onRefused(message),
    waitingFor: () => permits.waitingFor() ?? repeats.waitingFor(),
    repeating: () => repeats.waitingFor(),
  };
}

/** Logs the first call without a limit in a pipeline that has limits: `limit` is easily forgotten. */
function noteUnlimited(fetch: FetchFor, limits: CallsDeps['limits'], log: CallsDeps['log']): FetchFor {
  let isNoted = false;
  return (input, options, caller) => {
    if (!isNoted && options.limit === undefined) {
      isNoted = true;
      const names = limits?.() ?? [];
      const text =
        'fetch was called without a limit, although the pipeline has limits; if one applies, name it: fetch(url, { limit })';
      if (names.length > 0) log?.info(text, { limits: names });
    }
    return fetch(input, options, caller);
  };
}
