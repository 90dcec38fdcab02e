import { Intervals } from '../../core/intervals.ts';
import type { Holding } from '../../queue/lending/holding.ts';
import type { Queue, Unread } from '../../queue/queue.ts';
import type { ArrivedRows, Row } from './arrived-rows.ts';

/** How much memory a row takes in addition to its bytes. */
const rowOverhead = 100;

/** An item whose results the program can read now. */
export interface ReadableItem {
  seq: number;
  rows: readonly Row[];
}

interface Kept {
  rows: readonly Row[];
  unread: Unread;
  bytes: number;
}

export interface UnreadResultsOptions {
  queue: Pick<Queue, 'settle' | 'keep' | 'read' | 'lowestUnsettled'>;
  /** Results are read in the order of the items. */
  isOrdered: boolean;
  /** When unread rows take more than this, no new items are lent. */
  mostBytes: number;
  /** Items that wait for a retry. */
  retrying: readonly number[];
}

/**
 * Results that the program has not read yet (sink `to.results()`). Their items are done and no longer with a consumer,
 * but not settled: an item is settled when the program asks for the next result after it. They die with the supervisor,
 * and then their items run again.
 *
 * In the order of the items, an item is readable when no item before it is open. An item that waits for a retry, or
 * whose consumer has died, holds up those after it; a dead letter is skipped. While too much is unread no new items are
 * lent. Items that were lent before are still lent if they hold up the others, so that the wait ends.
 */
export class UnreadResults {
  readonly #options: UnreadResultsOptions;
  /** In the order in which they were done. */
  readonly #kept = new Map<number, Kept>();
  readonly #seqs = new Intervals();
  /** The item that the program is reading. */
  #inHand: number | undefined;
  /** Items that have failed before. They are no longer in their frames, which are all that the queue checks. */
  readonly #failed = new Intervals();
  #bytes = 0;
  #onReadable: () => void = () => undefined;
  #touch: () => void = () => undefined;

  constructor(options: UnreadResultsOptions) {
    this.#options = options;
    for (const seq of options.retrying) this.#failed.add(seq);
  }

  // ── from the consumers ─────────────────────────────────────────────────────────────────────────────────────────

  /** `touch` is called when something has changed that a tick should see. */
  start(touch: () => void): void {
    this.#touch = touch;
  }

  /** So much is unread that no new items should be lent. */
  get isFull(): boolean {
    return this.#bytes >= this.#options.mostBytes;
  }

  /** The unread results wait for an item that is not done. */
  get isHeldUp(): boolean {
    return this.#kept.size > 0 && this.#inHand === undefined && this.#next() === undefined;
  }

  /**
   * A consumer has done these items. Those with results are kept until they are read, the others are settled. Returns how
   * many of them it did not hold: they are ignored.
   */
  done({ holding, done, rows, now }: { holding: Holding; done: Intervals; rows: ArrivedRows; now: number }): number {
    const { queue } = this.#options;
    let refused = 0;
    for (const [from, to] of done) {
      for (let seq = from; seq <= to; seq++) {
        const ofItem = rows.take(seq);
        if (ofItem) {
          if (!this.#keep(holding, seq, ofItem, now)) refused++;
          continue;
        }
        refused += queue.settle(holding, [[seq, seq]], now);
        this.#failed.delete(seq);
      }
    }
    this.#onReadable();
    return refused;
  }

  /** An item has failed and waits for a retry. */
  retries(seq: number): void {
    if (this.#options.isOrdered) this.#failed.add(seq);
  }

  /** An item is a dead letter: the items after it need not wait for it. */
  dead(seq: number): void {
    this.#failed.delete(seq);
    this.#onReadable();
  }

  #keep(holding: Holding, seq: number, rows: readonly Row[], now: number): boolean {
    const unread = this.#options.queue.keep(holding, seq, now);
    if (!unread) return false;
    let bytes = 0;
    for (const { frame } of rows) bytes += frame.body.length / frame.count + rowOverhead;
    this.#kept.set(seq, { rows, unread, bytes });
    this.#seqs.add(seq);
    this.#bytes += bytes;
    return true;
  }

  // ── to the program ─────────────────────────────────────────────────────────────────────────────────────────────

  /** `onReadable` is called when there may be something to read. */
  listen(onReadable: () => void): void {
    this.#onReadable = onReadable;
  }

  /** The next item to read; undefined if there is none yet. The program then reads it, or puts it back. */
  take(): ReadableItem | undefined {
    const seq = this.#next();
    if (seq === undefined) return undefined;
    this.#inHand = seq;
    return { seq, rows: this.#kept.get(seq)!.rows };
  }

  /** The program has read the item and asks for the next result. */
  read(seq: number): void {
    const kept = this.#kept.get(seq);
    if (!kept || this.#inHand !== seq) return;
    this.#inHand = undefined;
    this.#kept.delete(seq);
    this.#seqs.delete(seq);
    this.#failed.delete(seq);
    this.#bytes -= kept.bytes;
    this.#options.queue.read(kept.unread);
    this.#touch();
  }

  /** The program stopped reading in the middle of the item: it comes again. */
  putBack(seq: number): void {
    if (this.#inHand === seq) this.#inHand = undefined;
  }

  #next(): number | undefined {
    if (this.#inHand !== undefined) return undefined;
    if (!this.#options.isOrdered) return this.#kept.keys().next().value;
    const first = this.#seqs.first;
    const { lowestUnsettled = Infinity } = this.#options.queue;
    const firstOpen = Math.min(lowestUnsettled, this.#failed.first ?? Infinity);
    return first !== undefined && first <= firstOpen ? first : undefined;
  }
}
