import type { Clock } from '../core/clock.ts';
import type { Abortable } from './abortables.ts';
import { Hop } from './hop.ts';
import type { ItemPermits } from './item-permits.ts';
import { isOfTheNetwork, type Loss } from './loss.ts';
import type { Permit } from './permits.ts';
import { type Headers, retryAfterMs } from './retry-after.ts';
import type { Gate, Handler } from './wire.ts';

/** These statuses mean "not now": nothing has been done, and the same request may succeed later. */
const notNow = new Set([429, 503]);

export interface AttemptOptions {
  readonly clock: Clock;
  readonly permits: ItemPermits;
  /** The attempt itself, to the end of the body: it is notified at that end. */
  readonly abortable: Abortable;
  readonly limit: string | undefined;
  readonly timeoutMs: number | undefined;
  /** The user has passed a signal, and expects to see its reason. */
  readonly hasUserSignal: boolean;
  /** That origin has sent a response, with any status. */
  readonly answered: (origin: string) => void;
}

/**
 * One attempt of a call: a request and those that follow from redirects, one at a time, each under its own permit. Its
 * result can be read once its fetch has settled.
 */
export class Attempt implements Gate {
  /** Set if the network, or the timeout, is to blame. */
  loss: Loss | undefined;
  /** Set if the answer is "not now": the milliseconds to wait, null if the vendor did not say. */
  notNow: number | null | undefined;

  readonly #options: AttemptOptions;
  #entering: Promise<Handler> | undefined;
  #hop: Hop | undefined;
  #isSettled = false;

  constructor(options: AttemptOptions) {
    this.#options = options;
  }

  get fetchSignal(): AbortSignal | undefined {
    return this.#options.hasUserSignal || this.hasTimeout ? this.#signal : undefined;
  }

  get hasTimeout(): boolean {
    return this.#options.timeoutMs !== undefined;
  }

  /**
   * Its fetch has rejected, perhaps because of a redirect that it must not follow. A response that still arrives is not
   * needed.
   */
  forget(): void {
    this.#hop?.forget();
  }

  /** Its fetch has resolved or rejected. Only a body that is still arriving can be aborted now. */
  settled(): void {
    this.#isSettled = true;
    this.#doneIfOver();
  }

  enter(fetch: Handler, origin: string): Promise<Handler> {
    // The previous response was a redirect.
    this.forget();
    this.#entering = this.#enter(fetch, origin);
    return this.#entering;
  }

  /**
   * The error to throw when its fetch has rejected with `thrown`, which may only be fetch's wording for the real cause.
   */
  async explain(thrown: unknown): Promise<unknown> {
    // If a fetch is aborted while it waits for a permit, it can reject before the wait reports its own reason.
    const refusal = await this.#entering?.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    return refusal ?? (this.#signal.aborted ? this.#signal.reason : thrown);
  }

  get #signal(): AbortSignal {
    return this.#options.abortable.signal;
  }

  async #enter(fetch: Handler, origin: string): Promise<Handler> {
    const { permits, limit, timeoutMs } = this.#options;
    const permit = limit === undefined ? undefined : await permits.acquire(limit, this.#signal, timeoutMs);
    if (this.#signal.aborted) {
      // An abort between the grant and this point found neither a wait nor a request to end.
      permit?.release();
      throw this.#signal.reason;
    }
    return (this.#hop = this.#newHop(fetch, permit, origin));
  }

  #newHop(fetch: Handler, permit: Permit | undefined, origin: string): Hop {
    const stopTimer = this.#startTimer(origin);
    const hop = new Hop(fetch, permit, {
      answered: (status, headers) => this.#answered(origin, status, headers),
      failed: (error) => {
        if (!this.#signal.aborted && isOfTheNetwork(error)) this.loss ??= { error, origin, wasSent: hop.wasSent };
      },
      over: () => {
        stopTimer();
        this.#doneIfOver();
      },
    });
    // If undici listens to the signal, its listener comes first, and nothing is left to do here.
    this.#signal.addEventListener('abort', () => hop.abort(this.#signal.reason as Error), { once: true });
    return hop;
  }

  #answered(origin: string, status: number, headers: Headers): boolean {
    const { limit, permits, clock, answered } = this.#options;
    answered(origin);
    if (!notNow.has(status)) return false;
    this.notNow = retryAfterMs(headers, clock.wall());
    // While the permit is held: if it were released first, the next in line would run into the same refusal.
    if (limit !== undefined) permits.freeze(limit, this.notNow);
    return true;
  }

  #startTimer(origin: string): () => void {
    const { clock, timeoutMs } = this.#options;
    if (timeoutMs === undefined) return () => {};
    return clock.after(timeoutMs, () => {
      const error = new DOMException(`no complete answer from ${origin} within ${timeoutMs} ms`, 'TimeoutError');
      this.loss ??= { error, origin, wasSent: this.#hop?.wasSent ?? false };
      this.#options.abortable.abort(error);
    });
  }

  #doneIfOver(): void {
    if (this.#isSettled && (this.#hop?.isOver ?? true)) this.#options.abortable.done();
  }
}
