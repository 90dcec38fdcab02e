import { equalJitter, fullJitter, type Backoff } from '../core/backoff.ts';
import { type Clock, pause } from '../core/clock.ts';
import { asOutside, DependencyError, RetryAfter } from '../core/errors.ts';
import { plural } from '../core/figures.ts';
import type { Abortables } from './abortables.ts';
import { Attempt } from './attempt.ts';
import type { ItemPermits } from './item-permits.ts';
import type { Loss } from './loss.ts';
import type { Outgoing } from './outgoing.ts';
import type { Repeats } from './repeats.ts';
import type { Reach } from './reach.ts';
import type { Waits } from './waits.ts';
import type { send } from './wire.ts';

/** Between two attempts. */
const betweenTries: Backoff = { baseMs: 1000, capMs: 30_000 };
/** The wait after a "not now" without a time. The supervisor uses the same for a limit. */
const silences: Backoff = { baseMs: 1000, capMs: 300_000 };

/** The item that a call is made for. */
export interface Caller {
  readonly permits: ItemPermits;
  readonly waits: Waits;
  readonly abortables: Abortables;
}

export interface CallDeps extends Caller {
  readonly clock: Clock;
  /** Returns a number from 0 to 1, evenly distributed. */
  readonly random: () => number;
  readonly reach: Reach;
  readonly send: typeof send;
  readonly repeats?: Repeats | undefined;
}

export interface CallOptions {
  readonly limit: string | undefined;
  readonly retries: number;
  readonly timeoutMs: number | undefined;
}

type Outcome =
  | { readonly status: 'answered'; readonly response: Response }
  | { readonly status: 'notNow'; readonly response: Response; readonly ms: number | null }
  | { readonly status: 'lost'; readonly loss: Loss; readonly error: unknown };

/** Sends `request`, repeatedly where that may help, until there is a response to return or an error to throw. */
export async function call(request: Outgoing, options: CallOptions, deps: CallDeps): Promise<Response> {
  const { clock, random, reach, abortables, repeats, waits } = deps;
  const { limit, retries } = options;
  const wait = async (inMs: number, tries: number, what: string): Promise<void> => {
    const { signal, done } = abortables.begin(request.signal);
    const over = repeats?.begin({ what, tries, most: retries + 1, inMs });
    await waits.during({ until: clock.now() + inMs }, pause(clock, inMs, signal));
    over?.();
    done();
  };
  const began = clock.now();

  for (let tries = 1; ; tries++) {
    const mayRepeat = tries <= retries && request.isRepeatable;
    const outcome = await tryOnce(request, options, deps);
    switch (outcome.status) {
      case 'answered': {
        const { response } = outcome;
        if (response.status < 500 || !request.isIdempotent || !mayRepeat) return response;
        await discard(response);
        await wait(fullJitter(betweenTries, tries, random()), tries, answered(response));
        break;
      }
      case 'notNow': {
        const { response } = outcome;
        const ms = outcome.ms ?? equalJitter(silences, tries, random());
        const until = clock.now() + ms;
        await discard(response);
        const text = `${answered(response)}, ${plural(tries, 'time')}`;
        if (!mayRepeat) throw asOutside(new RetryAfter(ms, text), limit ?? null);
        // The limit is frozen: wait in the line for its permits.
        if (limit === undefined) await wait(ms, tries, answered(response));
        if (limit === undefined && abortables.ended) {
          throw new RetryAfter(Math.max(0, until - clock.now()), text, { cause: abortables.ended.reason });
        }
        break;
      }
      case 'lost': {
        const { loss, error } = outcome;
        if (!mayRepeat || (loss.wasSent && !request.isIdempotent)) {
          throw loss.wasSent && reach.hasAnsweredSince(loss.origin, began)
            ? error
            : asOutside(unreachable(loss, tries), limit ?? null);
        }
        await wait(fullJitter(betweenTries, tries, random()), tries, cannotReach(loss));
        break;
      }
    }
  }
}

async function tryOnce(request: Outgoing, options: CallOptions, deps: CallDeps): Promise<Outcome> {
  const { clock, permits, reach, abortables } = deps;
  const { limit, timeoutMs } = options;
  const attempt = new Attempt({
    clock,
    permits,
    limit,
    timeoutMs,
    hasUserSignal: request.signal !== undefined,
    abortable: abortables.begin(request.signal),
    answered: (origin) => reach.answered(origin, clock.now()),
  });
  try {
    const response = await deps.send(request, attempt);
    const ms = attempt.notNow;
    return ms === undefined ? { status: 'answered', response } : { status: 'notNow', response, ms };
  } catch (error) {
    attempt.forget();
    if (attempt.loss !== undefined) return { status: 'lost', loss: attempt.loss, error };
    throw await attempt.explain(error);
  } finally {
    attempt.settled();
  }
}

/** Cancels a response that will not be read, so that its permit is released. */
async function discard(response: Response): Promise<void> {
  // Its failure no longer matters.
  await response.body?.cancel().catch(() => {});
}

/** Without the path and the query, which can hold secrets. */
function originOf(url: string): string {
  return new URL(url).origin;
}

function answered({ url, status }: Response): string {
  return `${originOf(url)} answered ${status}`;
}

function cannotReach({ origin, error }: Loss): string {
  return `cannot reach ${origin}: ${reasonOf(error)}`;
}

/** The error for a name with several addresses has no message of its own. */
function reasonOf(error: Error): string {
  return error.message || String((error as { code?: unknown }).code);
}

function unreachable({ origin, error }: Loss, tries: number): DependencyError {
  const text = `cannot reach ${origin} after ${plural(tries, 'attempt')}: ${reasonOf(error)}`;
  return new DependencyError(text, { cause: error });
}
