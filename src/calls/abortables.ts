/** Something that can be cut short: by its own `abort`, by the user's signal, or with all else of its item. */
export interface Abortable {
  readonly signal: AbortSignal;
  readonly abort: (reason: unknown) => void;
  /** It has come to its end: nothing is listened to any more. Idempotent. */
  readonly done: () => void;
}

/**
 * What an item has open. There is a signal for each thing and not one for all, because what has ended would go on listening to
 * that one, and be told when the item settles: that took longer than anything else here.
 */
export class Abortables {
  readonly #open = new Set<AbortController>();
  #ended: { readonly reason: unknown } | undefined;

  /** Set when all has been aborted, and so will be whatever begins. */
  get ended(): { readonly reason: unknown } | undefined {
    return this.#ended;
  }

  begin(user?: AbortSignal): Abortable {
    const controller = new AbortController();
    const abort = (reason: unknown): void => controller.abort(reason);
    const follow = (): void => abort(user?.reason);
    if (this.#ended !== undefined) abort(this.#ended.reason);
    else if (user?.aborted) follow();
    this.#open.add(controller);
    user?.addEventListener('abort', follow);
    return {
      signal: controller.signal,
      abort,
      done: () => {
        this.#open.delete(controller);
        user?.removeEventListener('abort', follow);
      },
    };
  }

  /** Only the first time counts. */
  abortAll(reason: unknown): void {
    if (this.#ended !== undefined) return;
    this.#ended = { reason };
    for (const controller of this.#open) controller.abort(reason);
  }
}
