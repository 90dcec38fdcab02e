import type { Cancel } from '../../core/clock.ts';
import type { Reserve } from '../../queue/spool/reserve.ts';
import { StoreFull } from '../../queue/store.ts';
import type { Hub } from '../hub.ts';
import type { Extent } from '../posts/outbox.ts';

/** How long after the start the reserve is taken: not before there is something to settle, for it takes some milliseconds. */
const reserveAfterMs = 1000;
/** How often the store's file is looked at: one that was removed takes commits silently. */
const storeCheckMs = 1000;

/** What a commit has made durable. */
export type Committed = Extent | 'nothing';

export interface CommittingOptions {
  hub: Pick<Hub, 'queue' | 'clock' | 'events' | 'touch'>;
  reserve: Pick<Reserve, 'isHeld' | 'take' | 'release'>;
  /** Throws if the store's file is not the one that was opened. */
  checkStore: () => void;
}

/**
 * Makes what is pending durable. On a full disk that is what settles items, with the space that was kept back for it;
 * new items wait until that space has been got back.
 */
export class Committing {
  readonly #options: CommittingOptions;
  /** Writes to the spool beside the queue's, oldest first. */
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

  /** There was no room for all of it the last time. */
  get isFull(): boolean {
    return this.#isFull;
  }

  /** Why the last commit left something behind; undefined if it did not, or if it only waits for the reserve. */
  get refusal(): StoreFull | undefined {
    return this.#refusal;
  }

  /** `write` is done with the next commit that finds room. */
  record(write: () => void): void {
    this.#records.push(write);
  }

  /** Throws what is final: then nobody may be told anything more, and nothing may be written. */
  commit(): Committed {
    const { hub, reserve } = this.#options;
    const { queue, clock, events, touch } = hub;
    const moment = clock.moment();
    let committed: Committed = 'nothing';
    this.#refusal = undefined;
    try {
      this.#checkStore(moment.now);
      if (this.#isFull) {
        // Before the space is taken back: else it would be there for everything but what it is for.
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
      // With the space that is given up now, what settles items gets through at once.
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
