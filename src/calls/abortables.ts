/**
 * Something that can be aborted: by its own `abort`, by the user's signal, or together with everything else of its
 * item.
 */
export interface Abortable {
  readonly signal: AbortSignal;
  readonly abort: (reason: unknown) => void;
  /** It has ended: removes its listeners. Idempotent. */
  readonly done: () => void;
}

/** The abortables that follow one user signal. They share one listener, because Node warns of a leak if a signal has many. */
interface Followers {
  readonly open: Set<AbortController>;
  readonly listener: () => void;
}

/**
 * Everything that an item has open. Each thing has its own signal instead of one for all, because ended ones would keep
 * listening to a shared signal and be notified when the item settles, which took longer than everything else here.
 */
export class Abortables {
  readonly #open = new Set<AbortController>();
  readonly #followers = new Map<AbortSignal, Followers>();
  #ended: { readonly reason: unknown } | undefined;

  /** Set once everything has been aborted; anything that starts later is aborted at once. */
  get ended(): { readonly reason: unknown } | undefined {
    return this.#ended;
  }

  /** How many things are open. */
  get size(): number {
    return this.#open.size;
  }

  begin(user?: AbortSignal): Abortable {
    const controller = new AbortController();
    const abort = (reason: unknown): void => controller.abort(reason);
    if (this.#ended !== undefined) abort(this.#ended.reason);
    else if (user?.aborted) abort(user.reason);
    this.#open.add(controller);
    if (user) this.#follow(user, controller);
    return {
      signal: controller.signal,
      abort,
      done: () => {
        this.#open.delete(controller);
        if (user) this.#unfollow(user, controller);
      },
    };
  }

  /** Only the first time counts. */
  abortAll(reason: unknown): void {
    if (this.#ended !== undefined) return;
    this.#ended = { reason };
    for (const controller of this.#open) controller.abort(reason);
  }

  #follow(user: AbortSignal, controller: AbortController): void {
    const known = this.#followers.get(user);
    if (known) return void known.open.add(controller);
    const open = new Set([controller]);
    const listener = (): void => {
      for (const follower of open) follower.abort(user.reason);
    };
    this.#followers.set(user, { open, listener });
    user.addEventListener('abort', listener);
  }

  #unfollow(user: AbortSignal, controller: AbortController): void {
    const followers = this.#followers.get(user);
    if (!followers?.open.delete(controller) || followers.open.size > 0) return;
    user.removeEventListener('abort', followers.listener);
    this.#followers.delete(user);
  }
}
