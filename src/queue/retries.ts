import type { ErrorData } from '../core/errors.ts';
import type { RetryHead, Store } from './store.ts';
import { ErrorCounts, type WaitingErrors } from './waiting-errors.ts';

/** How many retries are kept in memory; the rest wait on disk. */
const defaultWindow = 1000;

/**
 * The items that wait for a retry, soonest first. A hundred thousand of them cost disk space, not memory: only the heads
 * of the soonest retries are here, without their items.
 *
 * Due times are kept on the monotonic clock. Due times that are read back from disk are converted from wall-clock time. A
 * retry never waits longer than was intended when it was set, even if the wall clock has jumped since.
 */
export class Retries {
  readonly #store: Pick<Store, 'readRetryHead' | 'readRetryHeads' | 'visitRetryErrors'>;
  readonly #window: number;
  #soonest: { head: RetryHead; due: number }[] = [];
  /** Whether all waiting retries are in `#soonest`. */
  #isComplete = false;
  /** Retries that are lent: still in the store, but not waiting. */
  readonly #lent = new Set<number>();
  readonly #errors = new ErrorCounts();

  constructor(
    store: Pick<Store, 'readRetryHead' | 'readRetryHeads' | 'visitRetryErrors'>,
    window: number = defaultWindow,
  ) {
    this.#store = store;
    this.#window = window;
    store.visitRetryErrors((error) => this.#errors.enter(error));
  }

  /** The errors of waiting items by kind, and when the first of each kind is due (null: not among the soonest). */
  errors(now: number, wall: number): (WaitingErrors & { due: number | null })[] {
    this.#fill(now, wall);
    const soonest = new Map<string, number>();
    for (const { head, due } of this.#soonest) {
      if (head.kind !== undefined && !soonest.has(head.kind)) soonest.set(head.kind, due);
    }
    return this.#errors.list.map((group) => ({ ...group, due: soonest.get(group.kind ?? '') ?? null }));
  }

  /** Adds a committed retry that waits after `error`. */
  add({ kind: _, ...retry }: RetryHead, now: number, error: ErrorData): void {
    const head = { ...retry, kind: this.#errors.enter(error) };
    this.#lent.delete(head.seq);
    const due = now + head.delayMs;
    const last = this.#soonest.at(-1);
    if (!this.#isComplete && (!last || due >= last.due)) return;
    let at = this.#soonest.length;
    while (at > 0 && this.#soonest[at - 1]!.due > due) at--;
    this.#soonest.splice(at, 0, { head, due });
    if (this.#soonest.length > this.#window) {
      this.#soonest.pop();
      this.#isComplete = false;
    }
  }

  /** The retry that is due first, if it is due now. */
  peek(now: number, wall: number): RetryHead | undefined {
    this.#fill(now, wall);
    const first = this.#soonest[0];
    return first && first.due <= now ? first.head : undefined;
  }

  /** Takes out the retry that is due first, if it is due now. It counts as lent until it is added again or `gone`. */
  take(now: number, wall: number): RetryHead | undefined {
    const head = this.peek(now, wall);
    if (!head) return undefined;
    this.#soonest.shift();
    this.#lent.add(head.seq);
    if (head.kind !== undefined) this.#errors.leave(head.kind);
    return head;
  }

  /** Takes out the retry of `seq`, due or not; undefined if it does not wait. */
  takeSeq(seq: number, now: number, wall: number): RetryHead | undefined {
    if (this.#lent.has(seq)) return undefined;
    this.#fill(now, wall);
    const at = this.#soonest.findIndex(({ head }) => head.seq === seq);
    const head = at < 0 ? this.#store.readRetryHead(seq) : this.#soonest.splice(at, 1)[0]!.head;
    if (!head) return undefined;
    this.#lent.add(seq);
    if (head.kind !== undefined) this.#errors.leave(head.kind);
    return head;
  }

  /** A retry that was lent is settled and no longer in the store. */
  gone(seq: number): void {
    this.#lent.delete(seq);
  }

  /** When the first retry is due; undefined when none waits. */
  nextDue(now: number, wall: number): number | undefined {
    this.#fill(now, wall);
    return this.#soonest[0]?.due;
  }

  #fill(now: number, wall: number): void {
    if (this.#soonest.length > 0 || this.#isComplete) return;
    const limit = this.#window + this.#lent.size;
    const heads = this.#store.readRetryHeads(limit);
    this.#isComplete = heads.length < limit;
    for (const head of heads) {
      if (this.#lent.has(head.seq)) continue;
      const wait = Math.min(Math.max(head.dueAt - wall, 0), head.delayMs);
      this.#soonest.push({ head, due: now + wait });
    }
    this.#soonest.sort((a, b) => a.due - b.due);
  }
}
