import { Intervals } from '../../core/intervals.ts';

/** After this many deaths an item does not run again. */
export const mostKills = 3;

/** A consumer's death that has no known cause other than its items. */
export interface Death {
  /** For people: "SIGSEGV", "exit code 7". */
  readonly cause: string;
  /** It may have been killed from outside (`kill -9`, or by the kernel because memory ran out). */
  readonly isFromOutside: boolean;
  /** Called, at most once, when it is known whether one of the accused items is to blame. */
  readonly onSolved?: (hasKiller: boolean) => void;
}

/** A death and the items that are accused of it. */
interface Case {
  readonly death: Death;
  readonly accused: Intervals;
  /** Whether they had certainly started. If so, the death counts towards an item's limit of deaths. */
  readonly counts: boolean;
  isSolved: boolean;
}

/** Deaths that an item is accused of, split by what may have caused them. */
export interface Accusations {
  own: number;
  outside: number;
  /** Deaths for which another item was named. */
  explained: number;
}

/** How many kills an item has after it killed a consumer while it ran alone, having had `kills` before. */
export function killsAfter(kills: number, { isFromOutside }: Death, accusations: Accusations): number {
  // A kill from outside may have been aimed elsewhere: it condemns an item only if a second kill hit the item alone.
  const most = kills === 0 && isFromOutside ? mostKills - 1 : mostKills;
  return Math.min(kills + 1 + deathsTogether(accusations), most);
}

/**
 * How many deaths of consumers that ran the item together with others count against it. Kills that may have been aimed
 * elsewhere, and deaths for which another item was named, count once at most: they must not condemn all items of a broken
 * consumer.
 */
function deathsTogether({ own, outside, explained }: Accusations): number {
  return Math.max(own + Math.min(outside, 1), Math.min(explained, 1));
}

/**
 * Which items are accused of having killed a consumer.
 *
 *     started ──a death──▶ marked ──a second death──▶ isolated ──a death while it runs alone──▶ named
 *                             └──settles──▶ cleared ◀──settles──┘
 *
 * Marked items run like all others. Isolated items run alone and are announced one by one, so that the next death names an
 * item. A case is solved when one of its items is named, or when all of them are cleared.
 *
 * An item can also kill after it has run: by the effect of its result on the sink, or by something that it left running.
 * Then another item is named, and cleared when it runs by itself. From then on, until no item is isolated, an isolated item
 * runs only after the one before it has settled, which takes much longer.
 */
export class Blame {
  #cases: Case[] = [];
  /** All accused items, isolated or not. */
  readonly #accused = new Intervals();
  readonly #isolated = new Intervals();
  /** Items that were named for deaths from within, and have neither run again nor died since. */
  readonly #named = new Set<number>();
  #isCareful = false;

  /** Items that are accused, isolated or not. */
  get accused(): Pick<Intervals, 'isEmpty' | 'size' | 'has' | 'within'> {
    return this.#accused;
  }

  /** Accused items that must run alone. */
  get isolated(): Pick<Intervals, 'isEmpty' | 'size' | 'has' | 'within'> {
    return this.#isolated;
  }

  /** An innocent item was named: from now on isolated items are lent one at a time. */
  get isCareful(): boolean {
    return this.#isCareful;
  }

  /**
   * A consumer that had started `items` died. Returns the items that are isolated now: all of them if requested,
   * otherwise those that were accused before.
   */
  accuse(items: Intervals, death: Death, { isolatesAll = false, counts = true } = {}): Intervals {
    const isolated = new Intervals();
    if (items.isEmpty) return isolated;
    for (const [from, to] of items) {
      if (isolatesAll) isolated.add(from, to);
      else for (const [start, end] of this.#accused.within(from, to)) isolated.add(start, end);
    }
    for (const [from, to] of isolated) this.#isolated.add(from, to);
    for (const [from, to] of items) this.#accused.add(from, to);
    this.#cases.push({ death, accused: items, counts, isSolved: false });
    return isolated;
  }

  /** Isolated items other than `items` are only marked from now on. */
  isolateOnly(items: Intervals): void {
    this.#isolated.delete(-Infinity, Infinity);
    for (const [from, to] of items) this.#isolated.add(from, to);
  }

  /** The killer brought down more than its consumer: isolated items are lent one at a time. */
  beCareful(): void {
    this.#isCareful = !this.#isolated.isEmpty;
  }

  /** These items have settled, or another item was named after they had run. */
  clear(from: number, to: number): void {
    if (this.#named.size > 0) {
      for (const seq of this.#named) if (seq >= from && seq <= to && this.#named.delete(seq)) this.#isCareful = true;
    }
    if (this.#accused.isEmpty) return;
    this.#acquit(from, to);
  }

  /** `seq` killed a consumer while it ran alone. Returns the deaths that it was accused of. */
  name(seq: number, { isFromOutside }: Death): Accusations {
    const accusations: Accusations = { own: 0, outside: 0, explained: 0 };
    for (const open of this.#cases) {
      if (!open.accused.has(seq)) continue;
      if (open.counts) accusations[open.isSolved ? 'explained' : open.death.isFromOutside ? 'outside' : 'own'] += 1;
      solve(open, true);
    }
    this.#acquit(seq, seq);
    if (isFromOutside) this.#named.delete(seq);
    else this.#named.add(seq);
    return accusations;
  }

  /** `seq` will not run again. */
  condemn(seq: number): void {
    this.#named.delete(seq);
    this.#acquit(seq, seq);
  }

  #acquit(from: number, to: number): void {
    if (this.#accused.delete(from, to) === 0) return;
    this.#isolated.delete(from, to);
    for (const { accused } of this.#cases) accused.delete(from, to);
    for (const open of this.#cases) if (open.accused.isEmpty) solve(open, false);
    this.#cases = this.#cases.filter(({ accused }) => !accused.isEmpty);
    if (this.#isolated.isEmpty) this.#isCareful = false;
  }
}

function solve(open: Case, hasKiller: boolean): void {
  if (open.isSolved) return;
  open.isSolved = true;
  open.death.onSolved?.(hasKiller);
}
