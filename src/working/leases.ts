import { isThenable } from '../core/thenable.ts';
import { contextOf } from './item-context.ts';
import type { ItemScope } from './item-scope.ts';
import { SlotProcessor, type SlotProcessorOptions } from './slot-processor.ts';

export interface LeasesOptions extends SlotProcessorOptions {
  /** Aborts when this process is about to end: what is open is then given up. */
  leaving: AbortSignal;
}

/**
 * The processors of a consumer's slots. A slot's processor is leased to an item from the item's start until it settles.
 * The slot that became free last is leased first, so no more are opened than items have run at a time.
 */
export class Leases {
  readonly #options: LeasesOptions;
  readonly #all: SlotProcessor[] = [];
  /** The slots without an item. Those that can run an item at once are last. */
  readonly #free: SlotProcessor[] = [];

  constructor(options: LeasesOptions) {
    this.#options = options;
    const { leaving } = options;
    leaving.addEventListener('abort', () => {
      for (const slot of this.#all) slot.giveUp(leaving.reason);
    });
  }

  /** Opens the first one, before there is an item. Rejects with OpenFailed. */
  async open(): Promise<void> {
    const slot = this.#take();
    await slot.open();
    this.#return(slot);
  }

  /**
   * Runs an item, and opens a processor for it if need be. Returns what `run` did: a promise only if that was one, or if
   * it had to be opened. Rejects with OpenFailed if the item could not run for that reason.
   */
  run(item: unknown, scope: ItemScope): unknown {
    const slot = this.#take();
    return slot.isReady ? this.#runIn(slot, item, scope) : this.#openAndRun(slot, item, scope);
  }

  /** Closes them. Those whose item still runs, because it was given back or given up, are given up. Does not reject. */
  async close(): Promise<void> {
    const free = this.#free.splice(0);
    for (const slot of this.#all) if (!free.includes(slot)) slot.giveUp(new Error('its item is no longer waited for'));
    await Promise.all(free.map((slot) => slot.close()));
  }

  #take(): SlotProcessor {
    const free = this.#free.pop();
    if (free) return free;
    const slot = new SlotProcessor(this.#options, this.#all.length + 1);
    this.#all.push(slot);
    return slot;
  }

  #return(slot: SlotProcessor): void {
    if (slot.isReady) {
      this.#free.push(slot);
    } else {
      // Closed now, and opened again when an item needs it.
      void slot.close();
      this.#free.unshift(slot);
    }
  }

  async #openAndRun(slot: SlotProcessor, item: unknown, scope: ItemScope): Promise<unknown> {
    try {
      await slot.open(scope.signal);
    } catch (error) {
      this.#return(slot);
      throw error;
    }
    return await this.#runIn(slot, item, scope);
  }

  #runIn(slot: SlotProcessor, item: unknown, scope: ItemScope): unknown {
    const over = (): void => this.#return(slot);
    let result: unknown;
    let running: Promise<unknown> | undefined;
    try {
      result = slot.run(item, contextOf(scope));
      if (isThenable(result)) running = Promise.resolve(result);
    } catch (error) {
      over();
      throw error;
    }
    if (running) running.then(over, over);
    else over();
    return running ?? result;
  }
}
