import { Intervals } from '../core/intervals.ts';

/** An item that has killed its consumer this often is not run again. */
export const mostKills = 3;

/** A consumer's death of which nothing but its items is known to be the cause. */
export interface Death {
  /** For people: "SIGSEGV", "exit code 7". */
  readonly cause: string;
  /** Somebody else may have killed it (`kill -9`, the kernel for want of memory): it counts only against an item that ran alone. */
  readonly isFromOutside: boolean;
  /** It is known whether one of the accused is to blame. Called at most once. */
  readonly onSolved?: (hasKiller: boolean) => void;
}

/** A death and the items that it accuses. */
interface Case {
  readonly death: Death;
  readonly accused: Intervals;
  isSolved: boolean;
}

/**
 * Which items are accused of having killed a consumer.
 *
 *     lent together ──a death──▶ accused ──run alone──▶ settled, or another is named after it has run: cleared
 *                                                  └──▶ a death: named, and run again later, by itself
 *
 * Any item that a consumer held may have killed it, so all of them are accused. They are run alone, announced one by
 * one, so that the next death names one. A case is solved when an item was named, or when all accused are cleared.
 *
 * An item can kill later than while it runs: by what its result does to the sink, or by what it has left behind. Then
 * somebody else was named, who clears his name when he runs by himself. From then on nothing is run before the
 * item before it has settled, which takes much longer, until nobody is accused any more.
 */
export class Blame {
  #cases: Case[] = [];
  readonly #accused = new Intervals();
  /** Named for deaths that came from within, and neither run again nor dead. */
  readonly #named = new Set<number>();
  #isCareful = false;

  /** Items that are accused. */
  get size(): number {
    return this.#accused.size;
  }

  /** Somebody was named who was not to blame: accused items are to be lent one at a time. */
  get isCareful(): boolean {
    return this.#isCareful;
  }

  has(seq: number): boolean {
    return this.#accused.has(seq);
  }

  /** A consumer has died that held `items`, none of which is accused already. */
  accuse(items: Intervals, death: Death): void {
    if (items.isEmpty) return;
    for (const [from, to] of items) this.#accused.add(from, to);
    this.#cases.push({ death, accused: items, isSolved: false });
  }

  /** Whoever it was took more than its consumer along: accused items are to be lent one at a time. */
  beCareful(): void {
    this.#isCareful = !this.#accused.isEmpty;
  }

  /** These have settled, or another one was named after they had run. */
  clear(from: number, to: number): void {
    if (this.#named.size > 0) {
      for (const seq of this.#named) if (seq >= from && seq <= to && this.#named.delete(seq)) this.#isCareful = true;
    }
    if (this.#accused.isEmpty) return;
    this.#acquit(from, to);
  }

  /**
   * `seq` has killed a consumer, running alone. Returns the death that it was accused of, unless somebody was named for
   * that one before: it is to be counted, too.
   */
  name(seq: number, { isFromOutside }: Death): Death | undefined {
    const found = this.#cases.find(({ accused }) => accused.has(seq));
    const counted = found?.isSolved === false ? found.death : undefined;
    if (found) solve(found, true);
    this.#acquit(seq, seq);
    if (isFromOutside) this.#named.delete(seq);
    else this.#named.add(seq);
    return counted;
  }

  /** `seq` is not to be run again. */
  condemn(seq: number): void {
    this.#named.delete(seq);
    this.#acquit(seq, seq);
  }

  #acquit(from: number, to: number): void {
    if (this.#accused.delete(from, to) === 0) return;
    for (const { accused } of this.#cases) accused.delete(from, to);
    for (const open of this.#cases) if (open.accused.isEmpty) solve(open, false);
    this.#cases = this.#cases.filter(({ accused }) => !accused.isEmpty);
    if (this.#accused.isEmpty) this.#isCareful = false;
  }
}

function solve(open: Case, hasKiller: boolean): void {
  if (open.isSolved) return;
  open.isSolved = true;
  open.death.onSolved?.(hasKiller);
}
