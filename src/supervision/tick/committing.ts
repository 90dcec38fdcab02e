import type { Cancel } from '../../core/clock.ts';
import type { Reserve } from '../../queue/place.ts';
import { StoreFull } from '../../queue/store.ts';
import type { Hub } from '../hub.ts';
import type { Extent } from '../posts/outbox.ts';

/**
 * How long after the start the reserve is created: not before there is something to settle, because it takes some
 * milliseconds.
 */
const reserveAfterMs = 1000;
/** How often the store's file is checked: a file that was removed accepts commits silently. */
const storeCheckMs = 1000;

/** What a commit has made durable. */
export type Committed = Extent | 'nothing';

export interface CommittingOptions {
  hub: Pick<Hub, 'queue' | 'clock' | 'events' | 'touch'>;
  reserve: Reserve;
  /** Throws if the store's file is no longer the one that was opened. */
  checkStore: () => void;
}

/**
 * Makes pending changes durable. On a full disk that means settlements, in the space that was reserved for them; new
 * items wait until the reserve is restored.
 */
export class Committing {
  readonly #options: CommittingOptions;
  /** Writes to the spool in addition to the queue's, oldest first. */
  readonly #records: (() => void)[] = [];
  #isFull = false;
  #refusal: StoreFull | undefined;
  #storeCheckedAt = 0;
  #reserveIsDue = false;
  #cancelReserve: Cancel = () => undefined;

  constructor(options: CommittingOptions) {
    this.#options = options;
  }

  start(): void {
    const { clock, touch } = this.#options.hub;
    this.#cancelReserve = clock.after(reserveAfterMs, () => {
      this.#reserveIsDue = true;
      touch();
    });
  }

  stop(): void {
    this.#cancelReserve();
  }

  /** The last commit did not find space for everything. */
  get isFull(): boolean {
    return this.#isFull;
  }

  /** Why the last commit left something out; undefined if it did not, or if it only waits for the reserve. */
  get refusal(): StoreFull | undefined {
    return this.#refusal;
  }

  /** `write` runs with the next commit that finds space. */
  record(write: () => void): void {
    this.#records.push(write);
  }

  /** Throws final errors: then nothing more may be reported, and nothing may be written. */
  commit(): Committed {
    const { hub, reserve } = this.#options;
    const { queue, clock, events, touch } = hub;
    const moment = clock.moment();
    let committed: Committed = 'nothing';
    this.#refusal = undefined;
    try {
      this.#checkStore(moment.now);
      if (this.#isFull) {
        // Before the reserve is restored: otherwise the space would be used for everything except its purpose.
        queue.commit(moment, 'settlements');
        committed = 'settlements';
      }
      this.#writeRecords();
      if (this.#isFull && !reserve.take()) return committed;
      queue.commit(moment);
      if (this.#isFull) events.emit('spool.ok', {});
      this.#isFull = false;
      if (this.#reserveIsDue) reserve.take();
      this.#reserveIsDue = false;
      return 'all';
    } catch (error) {
      if (!(error instanceof StoreFull)) throw error;
      if (!this.#isFull) events.emit('spool.full', { reason: error.message });
      // With the space that is released now, settlements succeed at once.
      if (reserve.isHeld && committed === 'nothing') touch();
      this.#isFull = true;
      this.#refusal = error;
      reserve.release();
      return committed;
    }
  }

  #writeRecords(): void {
    for (let write = this.#records[0]; write; write = this.#records[0]) {
      write();
      this.#records.shift();
    }
  }

  #checkStore(now: number): void {
    if (now - this.#storeCheckedAt < storeCheckMs) return;
    this.#storeCheckedAt = now;
    this.#options.checkStore();
  }
}
