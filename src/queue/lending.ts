import { Intervals } from '../core/intervals.ts';
import type { OpenFrame } from './open-frames.ts';
import { Sizing, type SizingMark } from './sizing.ts';
import type { RetryHead } from './store.ts';

/**
 * How items are to be run: as slots allow; one at a time, each announced before it starts, because it may kill its
 * consumer; or not at all, because it has, and only the sink is to be asked whether it has them.
 */
export type LendingMode = 'together' | 'alone' | 'askOnly';

/** A run of items that a consumer was lent, and where they came from. */
export interface Lent {
  readonly mode: LendingMode;
  readonly from: number;
  readonly to: number;
  readonly bytes: number;
  readonly mark: SizingMark;
  readonly origin: { kind: 'frame'; frame: OpenFrame } | { kind: 'retry'; head: RetryHead };
}

/** A `Lent` and which of its items are still held: the same seq may be lent again, as a retry, before all of it is settled. */
interface Held {
  readonly lent: Lent;
  readonly items: Intervals;
}

/** A part of a `Lent` that has just been settled or given back. */
export interface Returned {
  lent: Lent;
  from: number;
  to: number;
}

/** What one consumer holds. */
export class Holding {
  readonly slots: number;
  readonly sizing: Sizing;
  #held: Held[] = [];
  #count = 0;
  #bytes = 0;
  /** Of the items that are run alone, those that have been announced, and the last one of them. */
  readonly #announced = new Intervals();
  #lastAnnounced: number | undefined;

  constructor(slots: number) {
    this.slots = slots;
    this.sizing = new Sizing(slots);
  }

  /** Items held. */
  get count(): number {
    return this.#count;
  }

  /** Bytes of deliveries of which anything is still held. */
  get bytes(): number {
    return this.#bytes;
  }

  /** It holds items that are not to be run together with others. */
  get isAlone(): boolean {
    return this.#held.some(({ lent: { mode } }) => mode !== 'together');
  }

  /** The item that it was about to run, or has run, last of those to be run alone; undefined if that one is settled. */
  get running(): number | undefined {
    return this.#lastAnnounced;
  }

  /** Of those to be run alone, the ones that it has begun to run and that are not settled. */
  get announced(): Iterable<readonly [number, number]> {
    return this.#announced;
  }

  /** It is about to run an item alone. False if it was not lent that one for that. */
  announce(seq: number): boolean {
    if (this.find(seq)?.mode !== 'alone') return false;
    this.#announced.add(seq);
    this.#lastAnnounced = seq;
    return true;
  }

  give(lent: Lent): void {
    this.#held.push({ lent, items: Intervals.of([lent.from, lent.to]) });
    this.#count += lent.to - lent.from + 1;
    this.#bytes += lent.bytes;
  }

  /** Takes out what is held of `from`…`to`. What comes back covers exactly that; the rest was not this consumer's. */
  take(from: number, to: number, now: number): Returned[] {
    const parts: Returned[] = [];
    for (const { lent, items } of this.#held) {
      if (lent.to < from || lent.from > to) continue;
      // A copy: what is taken out changes what is gone through.
      for (const [start, end] of Array.from(items.within(from, to))) {
        this.#count -= items.delete(start, end);
        this.#forgetAnnounced(start, end);
        this.sizing.settled(end - start + 1);
        parts.push({ lent, from: start, to: end });
      }
    }
    if (parts.length > 0) this.#dropCompleted(now);
    return parts;
  }

  /** What `seq` was lent as, if it is held. */
  find(seq: number): Lent | undefined {
    return this.#held.find(({ items }) => items.has(seq))?.lent;
  }

  /** Takes out everything. */
  takeAll(now: number): Returned[] {
    return this.take(-Infinity, Infinity, now);
  }

  #forgetAnnounced(from: number, to: number): void {
    if (this.#announced.isEmpty) return;
    this.#announced.delete(from, to);
    const last = this.#lastAnnounced;
    if (last !== undefined && !this.#announced.has(last)) this.#lastAnnounced = undefined;
  }

  #dropCompleted(now: number): void {
    this.#held = this.#held.filter(({ lent, items }) => {
      if (!items.isEmpty) return true;
      this.#bytes -= lent.bytes;
      this.sizing.completed(lent.mark, now);
      return false;
    });
  }
}
