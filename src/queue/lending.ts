import { Intervals } from '../core/intervals.ts';
import type { OpenFrame } from './open-frames.ts';
import { Sizing, type SizingMark } from './sizing.ts';
import type { RetryHead } from './store.ts';

/** A run of items that a consumer holds, and where they came from. */
export interface Lent {
  from: number;
  to: number;
  bytes: number;
  /** How many of them are not settled yet. */
  remaining: number;
  mark: SizingMark;
  origin: { kind: 'frame'; frame: OpenFrame } | { kind: 'retry'; head: RetryHead };
}

/** A part of a `Lent` that has just been settled or given back. */
export interface Returned {
  lent: Lent;
  from: number;
  to: number;
}

/** What one consumer holds. */
export class Holding {
  readonly writer: number;
  readonly slots: number;
  readonly sizing: Sizing;
  readonly items = new Intervals();
  #lent: Lent[] = [];
  #bytes = 0;

  constructor(writer: number, slots: number) {
    this.writer = writer;
    this.slots = slots;
    this.sizing = new Sizing(slots);
  }

  get count(): number {
    return this.items.size;
  }

  /** Bytes of deliveries of which anything is still held. */
  get bytes(): number {
    return this.#bytes;
  }

  give(lent: Lent): void {
    this.#lent.push(lent);
    this.#bytes += lent.bytes;
    this.items.add(lent.from, lent.to);
  }

  /** Takes out what is held of `from`…`to`. What comes back covers exactly that; the rest was not this consumer's. */
  take(from: number, to: number, now: number): Returned[] {
    const held = [...this.items.within(from, to)];
    const parts: Returned[] = [];
    for (const [start, end] of held) {
      this.items.delete(start, end);
      for (const lent of this.#lent) {
        if (lent.to < start || lent.from > end) continue;
        const part = { lent, from: Math.max(lent.from, start), to: Math.min(lent.to, end) };
        const size = part.to - part.from + 1;
        lent.remaining -= size;
        this.sizing.settled(size);
        parts.push(part);
      }
    }
    if (parts.length > 0) this.#dropCompleted(now);
    return parts;
  }

  /** What `seq` was lent as, if it is held. */
  find(seq: number): Lent | undefined {
    if (!this.items.has(seq)) return undefined;
    return this.#lent.find(({ from, to }) => from <= seq && seq <= to);
  }

  /** Takes out everything. */
  takeAll(now: number): Returned[] {
    return [...this.items].flatMap(([from, to]) => this.take(from, to, now));
  }

  #dropCompleted(now: number): void {
    const open: Lent[] = [];
    for (const lent of this.#lent) {
      if (lent.remaining > 0) {
        open.push(lent);
        continue;
      }
      this.#bytes -= lent.bytes;
      this.sizing.completed(lent.mark, now);
    }
    this.#lent = open;
  }
}
