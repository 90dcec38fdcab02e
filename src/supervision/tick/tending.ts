import type { Cancel } from '../../core/clock.ts';
import { floorOf, type FreeSpace } from '../../queue/free-space.ts';
import type { Hub } from '../hub.ts';

/** How often free disk space is checked: a fast source fills some hundred megabytes in between. */
const lookMs = 1000;
/** The spool is tended after this many checks: it must have been idle that long before it is tidied up. */
const looksPerTending = 10;
/** A log of this size has not been emptied for a long time, although nothing should prevent that. */
const largeLogBytes = 64 * 1024 * 1024;
/** The producer resumes when the free space exceeds the floor by this much. */
const enoughShare = 1.1;

type TendingHub = Pick<Hub, 'clock' | 'events' | 'touch' | 'broken'>;

/** The place where the queue is kept. */
export interface Storage {
  freeSpace: () => FreeSpace;
  /** Tidies up if the spool is idle. Returns the size of its log in bytes. Throws final errors. */
  tend: () => number;
}

/**
 * Tends the disk that holds the queue: pauses the producer before the disk is full, so that space remains for settling
 * items, and keeps the spool's log small.
 */
export class Tending {
  readonly #hub: TendingHub;
  readonly #storage: Storage;
  readonly #minFreeBytes: number | null;
  #low: { free: number; floor: number } | undefined;
  #isLogLarge = false;
  #looks = 0;
  #cancel: Cancel = () => undefined;

  constructor(hub: TendingHub, options: { storage: Storage; minFreeBytes: number | null }) {
    this.#hub = hub;
    this.#storage = options.storage;
    this.#minFreeBytes = options.minFreeBytes;
  }

  start(): void {
    this.#look();
    this.#cancel = this.#hub.clock.every(lookMs, () => {
      this.#look();
      this.#looks += 1;
      if (this.#looks % looksPerTending === 0) this.#tend();
    });
  }

  stop(): void {
    this.#cancel();
  }

  /** Free disk space has dropped below the minimum: the producer is paused. In bytes. */
  get low(): { free: number; floor: number } | undefined {
    return this.#low;
  }

  #look(): void {
    if (this.#minFreeBytes === 0) return;
    const { events, touch } = this.#hub;
    const space = this.#free();
    if (!space) return;
    const { free, total } = space;
    const floor = floorOf(this.#minFreeBytes, total);
    const wasLow = this.#low !== undefined;
    const isLow = free < (wasLow ? floor * enoughShare : floor);
    this.#low = isLow ? { free, floor } : undefined;
    if (isLow === wasLow) return;
    events.emit(isLow ? 'disk.low' : 'disk.ok', { free, minFree: floor });
    touch();
  }

  #free(): FreeSpace | undefined {
    try {
      return this.#storage.freeSpace();
    } catch {
      // Not every file system reports this. If the disk has failed, the next commit shows it.
      return undefined;
    }
  }

  #tend(): void {
    const { events, broken } = this.#hub;
    try {
      const bytes = this.#storage.tend();
      const isLarge = bytes > largeLogBytes;
      if (isLarge && !this.#isLogLarge) events.emit('spool.logLarge', { bytes });
      this.#isLogLarge = isLarge;
    } catch (error) {
      broken(error);
    }
  }
}
