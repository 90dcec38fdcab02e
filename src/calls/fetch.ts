import type { Clock } from '../core/clock.ts';
import { parseDuration } from '../core/units.ts';
import type { Fetch, FetchOptions } from '../pipeline/context.ts';
import { isText, type Text } from '../values/text.ts';
import { call, type CallDeps, type Caller } from './call.ts';
import { outgoing } from './outgoing.ts';
import { Reach } from './reach.ts';
import type { Repeats } from './repeats.ts';

const defaultRetries = 4;

export interface FetchDeps {
  readonly clock: Clock;
  /** Returns a number from 0 to 1, evenly distributed. */
  readonly random: () => number;
  /** Receives the calls that wait to be repeated. */
  readonly repeats?: Repeats;
  /** Fills params and secrets into a header. */
  readonly resolve: (text: Text) => string;
}

/** `fetch` for one item. */
export type FetchFor = (input: Parameters<Fetch>[0], options: FetchOptions, caller: Caller) => Promise<Response>;

/**
 * Makes the `fetch` of a process. It is the platform's, as the package undici has it, plus three options:
 * - `limit`: each request on the wire holds one permit, from before its first byte until the end of its body, or until
 *   an error, abort or cancel. A body that is not read keeps its permit unless it fits the buffers: read it, or cancel
 *   it.
 * - `retries` (default 4): how often the request may be repeated, each time under a new permit. After 429 and 503 with
 *   any method, because nothing has been done; the limit is frozen for every process as `Retry-After` says, and without
 *   a limit this call waits. After another 5xx or a lost connection if the method is idempotent; if there was no
 *   connection at all, with any method. Not if the body is a stream, which can be read only once.
 * - `timeout`: for each request, from its permit until the end of its body. It limits the vendor; the time in line and
 *   between attempts is limited by the item's own timeout.
 *
 * Resolves to the answer, whatever its status, except 429 and 503. Rejects with
 * - `RetryAfter` after the last 429 or 503, or if the item's time ended while it waited for a permit (see
 *   `itemPermits`): no attempt of the item is used;
 * - `DependencyError` if there was no connection, or if it was lost and the host has answered no call of this process
 *   since this call began: no attempt of the item is used;
 * - an error with code UNKNOWN_LIMIT, a TypeError for invalid options, the reason of the signal that aborted;
 * - the error of the platform's `fetch` in all other cases.
 */
export function createFetch(deps: FetchDeps): FetchFor {
  const reach = new Reach();
  let wire: Promise<Pick<CallDeps, 'send'>> | undefined;

  return async (input, options, caller) => {
    const { limit, retries = defaultRetries, timeout, headers, ...rest } = options;
    if (!Number.isSafeInteger(retries) || retries < 0) {
      throw new TypeError(`fetch: retries must be a whole number, 0 or more, not ${String(retries)}`);
    }
    const timeoutMs = timeout === undefined ? undefined : parseDuration(timeout);
    if (timeoutMs === 0) throw new TypeError('fetch: timeout must be 1 ms or more: no call ends within 0 ms');
    const init = headers === undefined ? rest : { ...rest, headers: headersOf(headers, deps.resolve) };
    const request = outgoing(input, init);
    // undici takes longer to load than most programs take to start.
    const { send } = await (wire ??= import('./wire.ts'));
    return await call(request, { limit, retries, timeoutMs }, { ...deps, ...caller, reach, send });
  };
}

/** The headers with texts filled in. Other ways to write headers, and other values, are left to the platform. */
function headersOf(headers: NonNullable<FetchOptions['headers']>, resolve: FetchDeps['resolve']): RequestHeaders {
  if (Array.isArray(headers) || Object.getPrototypeOf(headers) !== Object.prototype) return headers as RequestHeaders;
  const entries = Object.entries(headers as Readonly<Record<string, Text>>);
  return Object.fromEntries(entries.map(([name, value]) => [name, isText(value) ? resolve(value) : value]));
}

type RequestHeaders = NonNullable<RequestInit['headers']>;
