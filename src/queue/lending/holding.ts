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

/** A `Lent`, and which of its items are still held. The same seq may be lent again, as a retry, before all items are settled. */
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
  /** The last announced item that runs alone. */
  #lastAlone: number | undefined;

  constructor(slots: number) {
    this.slots = slots;
    this.sizing = new Sizing(slots);
  }

  /** `asked`: it was asked to give back items that it has not started, and has not answered. `empty`: it had none. */
  #recall: 'none' | 'asked' | 'empty' = 'none';

  /** It may be asked to give back items that it has not started. */
  get mayReturn(): boolean {
    return this.#recall === 'none';
  }

  /** It has been asked to give back items that it has not started. */
  recalled(): void {
    this.#recall = 'asked';
  }

  /** It answered with `items` items. If it had none, it will have none until it is lent new items. */
  answered(items: number): void {
    if (this.#recall === 'asked') this.#recall = items > 0 ? 'none' : 'empty';
  }

  /** When the delivery that it has held longest was lent; undefined if it holds nothing. */
  get oldestLentAt(): number | undefined {
    return this.#held[0]?.lent.mark.at;
  }

  /** How many items it holds. */
  get count(): number {
    return this.#count;
  }

  /** Bytes of the deliveries that it still holds at least in part. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether it holds items that must not run together with others. */
  get isAlone(): boolean {
    return this.#held.some(({ lent: { mode, lot } }) => mode !== 'together' || lot === 'half');
  }

  /** How many of its items are marked. */
  get marked(): number {
    return this.#marked;
  }

  /** The last item that it began to run alone, or was about to; undefined if that item is settled. */
  get running(): number | undefined {
    return this.#lastAlone;
  }

  /** Unsettled items that it may have started. It has certainly not started the other items that it holds. */
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

  /** Takes out the items of `from`…`to` that it holds, and returns exactly those. The rest was not this consumer's. */
  take(from: number, to: number, now: number): Returned[] {
    const parts: Returned[] = [];
    this.sizing.held(this.#count);
    for (const { lent, items } of this.#held) {
      if (lent.to < from || lent.from > to) continue;
      // A copy, because the loop changes the intervals.
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

  /** The `Lent` that `seq` is part of; undefined if it is not held. */
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
