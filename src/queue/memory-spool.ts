import { MemoryStore } from './memory-store.ts';
import { MemoryWriters } from './memory-writers.ts';
import type { OpenSpool } from './open-spool.ts';

/** A place for a queue, in memory: it outlives supervisors, but not its process. For tests and simulations. */
export class MemorySpool {
  #store = new MemoryStore();
  #writers = new MemoryWriters();
  /** All of its starts, the latest first. */
  #starts: readonly { id: string; nextSeq: number }[] = [];
  #isClean = true;
  /** Counts the starts of this spool and of its copies, so that no two starts have the same id. */
  #count = { starts: 0 };

  get store(): MemoryStore {
    return this.#store;
  }

  open(): OpenSpool {
    const store = this.#store;
    const wasClean = this.#isClean;
    if (wasClean) Object.assign(store, { uncleanStarts: 0, trial: null });
    else store.uncleanStarts += 1;
    this.#isClean = false;
    const { uncleanStarts, trial } = store;
    this.#starts = [{ id: `start ${++this.#count.starts}`, nextSeq: store.run()?.nextSeq ?? 1 }, ...this.#starts];
    const numbers = this.#starts.map(({ nextSeq }) => nextSeq);
    return {
      store,
      writers: this.#writers,
      start: {
        queue: 'queue-1',
        generation: this.#starts.length,
        ids: this.#starts.map(({ id }) => id),
        directory: '/state',
        givenBelow: numbers,
        nextSeq: numbers,
      },
      predecessors: { uncleanStarts, trial },
      wasClean,
      close: () => (this.#isClean = true),
      abandon: () => undefined,
    };
  }

  /** Returns an independent copy, with `store` as its store if given. */
  copy(store = this.#store.copy()): MemorySpool {
    const copy = new MemorySpool();
    copy.#store = store;
    copy.#writers = this.#writers.copy();
    copy.#starts = this.#starts;
    copy.#isClean = this.#isClean;
    copy.#count = this.#count;
    return copy;
  }
}
