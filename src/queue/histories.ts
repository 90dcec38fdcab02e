import type { History } from '../core/delivery.ts';
import { Intervals } from '../core/intervals.ts';

/** Who may have had each item before. */
export class Histories {
  /** All items below were stored before this supervisor started. */
  readonly #inheritedBelow: number;
  readonly #lost = new Intervals();

  constructor(inheritedBelow: number) {
    this.#inheritedBelow = inheritedBelow;
  }

  of(seq: number): History {
    if (this.#lost.has(seq)) return 'lost';
    return seq < this.#inheritedBelow ? 'inherited' : 'first';
  }

  /** How many of the items `from`…`to`, from the first on, have the same history. */
  countSame(from: number, to: number): number {
    const history = this.of(from);
    for (let seq = from + 1; seq <= to; seq++) if (this.of(seq) !== history) return seq - from;
    return to - from + 1;
  }

  /** A consumer of this supervisor was lost with these items. */
  lost(from: number, to: number = from): void {
    this.#lost.add(from, to);
  }

  /** The outcome of these items is known. */
  settled(from: number, to: number): void {
    this.#lost.delete(from, to);
  }
}
