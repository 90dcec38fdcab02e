import { Intervals } from '../../core/intervals.ts';
import { Backlog } from '../backlog.ts';
import { Blame, type Death } from './blame.ts';
import type { Lent, Returned } from '../lending/holding.ts';
import type { RetryHead } from '../store.ts';

/** After a death from within, up to this many accused items are isolated at once, however long they take. */
const few = 4;
/** More of them are isolated at once if running them one at a time takes no longer than this. */
const shortMs = 1000;
/** If running the isolated items one at a time takes longer than this, half of them run together. */
const longMs = 60_000;
/** The assumed duration of an isolated item if none is known. */
const unknownItemMs = 250;
/** Announcing an item and waiting for the end of the turn takes about this long, however quick the item is. */
const leastAloneMs = 0.25;

/** Items that are accused of a consumer's death and not lent: marked ones run like all others, isolated ones alone. */
export class Accused {
  readonly blame = new Blame();
  readonly marked = new Backlog();
  readonly isolated = new Backlog();
  /** How long an isolated item takes, if known. */
  #itemMs: number | undefined;

  get size(): number {
    return this.marked.size + this.isolated.size;
  }

  /** Whether it must run alone, because it has killed before or may have. */
  isAlone({ seq, kills }: RetryHead): boolean {
    return kills > 0 || this.blame.isolated.has(seq);
  }

  /** The backlog where a retry waits after it came back; undefined if it is not accused. */
  backlogOf(head: RetryHead): Backlog | undefined {
    if (this.isAlone(head)) return this.isolated;
    return this.blame.accused.has(head.seq) ? this.marked : undefined;
  }

  /** Moves the accused items of `from`…`to` from `returned` to the backlog where they wait. */
  sort(returned: Intervals, from: number, to: number): void {
    const { accused, isolated } = this.blame;
    if (accused.isEmpty) return;
    for (const [start, end] of accused.within(from, to)) {
      returned.delete(start, end);
      this.marked.items.add(start, end);
    }
    for (const [start, end] of isolated.within(from, to)) {
      this.marked.items.delete(start, end);
      this.isolated.items.add(start, end);
    }
  }

  /**
   * A consumer that held `parts` died: the items that it had started and ran together are accused. Returns how many are
   * now isolated, and how many only marked.
   */
  accuse(
    parts: readonly Returned[],
    { started, itemMs, death }: { started: Intervals; itemMs: number | undefined; death: Death },
  ): { isolated: number; marked: number } {
    const accused = new Intervals();
    let wasHalf = false;
    for (const { lent, from, to } of parts) {
      if (lent.mode !== 'together') continue;
      wasHalf ||= lent.lot === 'half';
      for (const [start, end] of started.within(from, to)) accused.add(start, end);
    }
    const { size } = accused;
    const aloneMs = size <= few ? 0 : size * (itemMs ?? Infinity);
    const isolatesAll = wasHalf || (!death.isFromOutside && aloneMs <= shortMs);
    const isolated = this.blame.accuse(accused, death, { isolatesAll });
    if (wasHalf) this.#isolateOnly(isolated);
    if (!isolated.isEmpty) this.#itemMs = itemMs ?? this.#itemMs;
    return { isolated: isolated.size, marked: size - isolated.size };
  }

  /** Whether the next isolated item must be lent by itself. */
  get comesByItself(): boolean {
    return this.blame.isCareful || (this.isolated.retries[0]?.kills ?? 0) > 0;
  }

  /** How many isolated items to lend next, and how: about `ms` of work, or half of them if all would take too long. */
  next(ms = Infinity): { most: number; lot: Lent['lot'] } {
    const { size } = this.isolated;
    const aloneMs = this.comesByItself || size <= few ? 0 : size * (this.#itemMs ?? 0);
    if (aloneMs > longMs) return { most: Math.ceil(size / 2), lot: 'half' };
    return { most: Math.max(Math.floor(ms / Math.max(this.#itemMs ?? unknownItemMs, leastAloneMs)), 1), lot: 'usual' };
  }

  /** A death is explained by the half of the isolated items that was lent: the other half is only marked from now on. */
  #isolateOnly(items: Intervals): void {
    const { isolated, marked } = this;
    this.blame.isolateOnly(items);
    for (const [from, to] of isolated.items) marked.items.add(from, to);
    isolated.items.delete(-Infinity, Infinity);
    marked.retries.push(...isolated.retries.filter(({ kills }) => kills === 0));
    const killers = isolated.retries.filter(({ kills }) => kills > 0);
    isolated.retries.splice(0, Infinity, ...killers);
  }
}
