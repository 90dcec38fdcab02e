import type { QueueStats } from './queue-stats.ts';
import type { StoreTotals } from './store.ts';

/**
 * The contents of the queue in numbers: each unsettled item is queued, lent, waiting for a retry, or done and unread.
 */
export class Tallies {
  #queued: number;
  #lent = 0;
  #unread = 0;
  #retrying: number;
  #bytes: number;

  constructor({ items, retrying, bytes }: StoreTotals) {
    this.#queued = items;
    this.#retrying = retrying;
    this.#bytes = bytes;
  }

  get counts(): Pick<QueueStats, 'open' | 'queued' | 'lent' | 'retrying' | 'unread' | 'bytes'> {
    return {
      open: this.#open,
      queued: this.#queued,
      lent: this.#lent,
      retrying: this.#retrying,
      unread: this.#unread,
      bytes: this.#bytes,
    };
  }

  /** Items that are neither lent nor waiting for a retry. */
  get queued(): number {
    return this.#queued;
  }

  get isEmpty(): boolean {
    return this.#open === 0;
  }

  get #open(): number {
    return this.#queued + this.#lent + this.#retrying + this.#unread;
  }

  /** New items are queued. */
  append(items: number, bytes: number): void {
    this.#queued += items;
    this.#bytes += bytes;
  }

  /** An item that waited for a retry is queued again. */
  fallDue(): void {
    this.#retrying -= 1;
    this.#queued += 1;
  }

  lend(items: number): void {
    this.#queued -= items;
    this.#lent += items;
  }

  /** Items that were lent are queued again. */
  takeBack(items: number): void {
    this.#lent -= items;
    this.#queued += items;
  }

  /** Items that were lent are settled. */
  settle(items: number): void {
    this.#lent -= items;
  }

  /** An item that was lent is done, and its results wait to be read. */
  keep(): void {
    this.#lent -= 1;
    this.#unread += 1;
  }

  /** Its results were read: it counts as lent again until it is settled. */
  read(): void {
    this.#unread -= 1;
    this.#lent += 1;
  }

  /** An item that was lent waits for a retry. */
  putOff(): void {
    this.#lent -= 1;
    this.#retrying += 1;
  }

  /** A dead letter waits for a retry. */
  revive(bytes: number): void {
    this.#retrying += 1;
    this.#bytes += bytes;
  }

  /** An item is stored in a row of its own. */
  addBytes(bytes: number): void {
    this.#bytes += bytes;
  }

  /** A frame, or the row of a retry, is deleted. */
  freeBytes(bytes: number): void {
    this.#bytes -= bytes;
  }
}
