import type { DeliveryMode } from '../../core/delivery.ts';
import { Intervals } from '../../core/intervals.ts';
import type { OpenFrame } from '../open-frames.ts';
import { Sizing, type SizingMark } from './sizing.ts';
import type { RetryHead } from '../store.ts';

/** A run of items that a consumer was lent, and where they came from. */
export interface Lent {
  readonly mode: DeliveryMode;
  /** Why they are lent. `half`: half of the isolated items, run together to see whether their consumer survives. */
  readonly lot: 'usual' | 'marked' | 'half';
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
  #marked = 0;
  readonly #started = new Intervals();
  /** The item that was announced last, of those that run alone. */
  #lastAlone: number | undefined;

  constructor(slots: number) {
    this.slots = slots;
    this.sizing = new Sizing(slots);
  }

  /** `asked`: it was asked to give back what it has not started, and has not answered. `empty`: it had nothing to give back. */
  #recall: 'none' | 'asked' | 'empty' = 'none';

  /** It may be asked to give back what it has not started. */
  get mayReturn(): boolean {
    return this.#recall === 'none';
  }

  /** It has been asked to give back what it has not started. */
  recalled(): void {
    this.#recall = 'asked';
  }

  /** It answered with `items` items. If there are none, there will be none until it is lent something new. */
  answered(items: number): void {
    if (this.#recall === 'asked') this.#recall = items > 0 ? 'none' : 'empty';
  }

  /** Since when it holds what it has held longest; undefined if it holds nothing. */
  get oldestLentAt(): number | undefined {
    return this.#held[0]?.lent.mark.at;
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
    return this.#held.some(({ lent: { mode, lot } }) => mode !== 'together' || lot === 'half');
  }

  /** How many of its items are marked. */
  get marked(): number {
    return this.#marked;
  }

  /** The item that it was about to run, or has run, last of those to be run alone; undefined if that one is settled. */
  get running(): number | undefined {
    return this.#lastAlone;
  }

  /** Items that it may have started and that are not settled. It has certainly not started the others that it holds. */
  get started(): Intervals {
    return this.#started;
  }

  /** It may start `from`…`to` from now on. Returns how many of them it does not hold. */
  announce(from: number, to: number): number {
    let unknown = to - from + 1;
    for (const { lent, items } of this.#held) {
      if (lent.to < from || lent.from > to || lent.mode === 'askOnly') continue;
      for (const [start, end] of items.within(from, to)) {
        unknown -= end - start + 1;
        this.#started.add(start, end);
        if (lent.mode === 'alone') this.#lastAlone = end;
      }
    }
    return unknown;
  }

  /** How many more items it may start without announcing them. */
  get free(): number {
    return Math.max(this.sizing.unannounced - this.#started.size, 0);
  }

  /** It is lent items, the first `free` of which it may start without announcing them. */
  give(lent: Lent, free = 0): void {
    if (this.#recall === 'empty') this.#recall = 'none';
    this.#held.push({ lent, items: Intervals.of([lent.from, lent.to]) });
    this.#started.add(lent.from, lent.from + free - 1);
    this.#count += lent.to - lent.from + 1;
    if (lent.lot === 'marked') this.#marked += lent.to - lent.from + 1;
    this.#bytes += lent.bytes;
  }

  /** Takes out what is held of `from`…`to`. What comes back covers exactly that; the rest was not this consumer's. */
  take(from: number, to: number, now: number): Returned[] {
    const parts: Returned[] = [];
    this.sizing.held(this.#count);
    for (const { lent, items } of this.#held) {
      if (lent.to < from || lent.from > to) continue;
      // A copy: what is taken out changes what is gone through.
      for (const [start, end] of Array.from(items.within(from, to))) {
        const taken = items.delete(start, end);
        this.#count -= taken;
        if (lent.lot === 'marked') this.#marked -= taken;
        this.#forgetStarted(start, end);
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

  /** When the first of `items` were lent. */
  lentAt(items: Intervals): number {
    let first = Infinity;
    for (const { lent } of this.#held) {
      if (lent.mark.at < first && !items.within(lent.from, lent.to).next().done) first = lent.mark.at;
    }
    return first;
  }

  /** Takes out everything. */
  takeAll(now: number): Returned[] {
    return this.take(-Infinity, Infinity, now);
  }

  #forgetStarted(from: number, to: number): void {
    if (this.#started.isEmpty) return;
    this.#started.delete(from, to);
    const last = this.#lastAlone;
    if (last !== undefined && last >= from && last <= to) this.#lastAlone = undefined;
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
