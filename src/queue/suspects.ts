import { Intervals } from '../core/intervals.ts';
import { Backlog } from './backlog.ts';
import { Blame, type Death } from './blame.ts';
import type { Lent, Returned } from './lending.ts';
import type { RetryHead } from './store.ts';

/** So few accused items of a death that came from within are isolated at once, however long they take. */
const few = 4;
/** So are more of them, if they take no longer than this one at a time. */
const shortMs = 1000;
/** Isolated items that take longer than this one at a time are run by halves. */
const longMs = 60_000;
/** How long an isolated item is taken to need if that is not known. */
const unknownItemMs = 250;

/** What is accused of a consumer's death and not lent: some of it only marked, to run like all else, some isolated. */
export class Suspects {
  readonly blame = new Blame();
  readonly marked = new Backlog();
  readonly isolated = new Backlog();
  /** How long an isolated item takes, as far as that is known. */
  #itemMs: number | undefined;

  get size(): number {
    return this.marked.size + this.isolated.size;
  }

  /** It is to be run alone: it has killed before, or may have. */
  isAlone({ seq, kills }: RetryHead): boolean {
    return kills > 0 || this.blame.isolated.has(seq);
  }

  /** Where a retry waits that comes back; undefined if it is accused of nothing. */
  backlogOf(head: RetryHead): Backlog | undefined {
    if (this.isAlone(head)) return this.isolated;
    return this.blame.accused.has(head.seq) ? this.marked : undefined;
  }

  /** Those of `from`…`to` that are accused go from `returned` to where they wait. */
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
   * A consumer has died that held `parts`: those that it had started and ran together are accused. Returns how many are
   * isolated from now on, and how many only marked.
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

  /** The next isolated item is to be lent by itself. */
  get comesByItself(): boolean {
    return this.blame.isCareful || (this.isolated.retries[0]?.kills ?? 0) > 0;
  }

  /** How many isolated items to lend next, and how: about `ms` of them, or half where all would take too long. */
  next(ms = Infinity): { most: number; lot: Lent['lot'] } {
    const { size } = this.isolated;
    const aloneMs = this.comesByItself || size <= few ? 0 : size * (this.#itemMs ?? 0);
    if (aloneMs > longMs) return { most: Math.ceil(size / 2), lot: 'half' };
    return { most: Math.max(Math.floor(ms / (this.#itemMs ?? unknownItemMs)), 1), lot: 'usual' };
  }

  /** Half of the isolated items explain a death: the others, none of which is lent, are only marked from now on. */
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
