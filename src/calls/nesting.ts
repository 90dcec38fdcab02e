import { AsyncLocalStorage } from 'node:async_hooks';
import { NestedLimit } from '../core/errors.ts';

/** A task that runs under a permit, and the task in which it was started. */
interface Held {
  readonly limit: string;
  readonly outer: Held | undefined;
  isOver: boolean;
}

/**
 * Which permits the code that is running now was started under. A task that waits for another permit of its own limit
 * can wait forever: at a concurrency of 1 at once, at a concurrency of ten as soon as ten tasks do it.
 *
 * Node follows this through promises and timers only from the first task on: pipelines that call with `fetch` alone do not pay
 * for it. One of these per process, because code can reach the `limit` of another item.
 */
export class Nesting {
  readonly #current = new AsyncLocalStorage<Held>();
  readonly #blocks: (limit: string) => boolean;

  /** `blocks` says whether permits of a limit are held, so that one can wait for another: not if it has only a rate. */
  constructor(blocks: (limit: string) => boolean) {
    this.#blocks = blocks;
  }

  /** The error for code that may not ask for a permit of `limit`, because it already runs under one. */
  refusal(limit: string): NestedLimit | undefined {
    for (let held = this.#current.getStore(); held !== undefined; held = held.outer) {
      if (held.limit === limit && !held.isOver && this.#blocks(limit)) return new NestedLimit(limit);
    }
    return undefined;
  }

  /** `task`, marked as running under a permit of `limit` until it settles. */
  under<Result>(limit: string, task: () => Result | PromiseLike<Result>): () => Promise<Result> {
    const outer = this.#current.getStore();
    return async () => {
      const held: Held = { limit, outer, isOver: false };
      try {
        return await this.#current.run(held, task);
      } finally {
        held.isOver = true;
      }
    };
  }
}
