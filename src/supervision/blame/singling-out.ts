import type { Intervals } from '../../core/intervals.ts';
import type { Settle } from '../../ipc/messages.ts';

/** When `ownFault` is this high, an item is singled out: its failures are attributed to the item itself. */
export const singledOut = 200;

/** How many failed items are remembered. Of others, only their `ownFault` in the queue is known. */
const mostRemembered = 10_000;
/** How exactly, and how far back, it is recorded when items that succeeded were lent. */
const grainMs = 20;
const mostGrains = 3000;

/** An attempt that failed as it would in an outage. */
export interface OutsideFailure {
  seq: number;
  /** The limit of the call that failed; null if it had none, or if that is not known. */
  limit: string | null;
  /** When the item was lent for this attempt. */
  lentAt: number;
  /** How many of its failures may be its own fault, before this one: 0 at first, `singledOut` at most. */
  ownFault: number;
  /** Items that are lent or wait for a retry, this one included. */
  open: number;
  /** Whether any item of this run is done. */
  isAnyDone: boolean;
}

export interface Judgement {
  usesAttempt: boolean;
  ownFault: number;
}

/**
 * Distinguishes an outage from an item that can never succeed, although both fail in the same way: the vendor does not
 * answer, or answers 503. An outage affects many items. So a failure uses an attempt if others have succeeded that were
 * lent after the item failed last: under the same limit or, if its call had none, at all.
 *
 * Once the others are done, nothing is left to compare the item with. So an item is singled out, and stays so across
 * restarts, if that has happened once, or if more of the items lent since its attempt before last (or its first) have
 * succeeded than are open now. Its failures use attempts unless an item that is not singled out fails, too, and none
 * succeeds: then it is an outage for all of them. An item that never ran at the same time as a successful one is
 * singled out after 200 failures, so that every run ends.
 *
 * Pure: time is passed in.
 */
export class SinglingOut {
  readonly #successes = new Map<string | null, Successes>();
  /** When an item failed last, when it had been lent for that attempt, and how many others had failed by then. Oldest first. */
  readonly #failures = new Map<number, { at: number; lentAt: number; failed: number }>();

  /**
   * `items` are done; they were lent at `lentAt` or later. `used` says how many of them made calls under which limits. The
   * sink already had `found` of them, and nothing else is known about those.
   */
  done(lentAt: number, items: Intervals, { used = {}, found = 0 }: Pick<Settle, 'used' | 'found'> = {}): void {
    this.#of(null).add(lentAt, items.size - found);
    for (const limit in used) this.#of(limit).add(lentAt, used[limit]!);
    for (const [from, to] of this.#failures.size > 0 ? items : []) {
      if (to - from > this.#failures.size) {
        for (const seq of this.#failures.keys()) if (items.has(seq)) this.#failures.delete(seq);
      } else {
        for (let seq = from; seq <= to; seq++) this.#failures.delete(seq);
      }
    }
  }

  /** An item failed. Returns whether that uses an attempt, and the item's new `ownFault`. */
  failed(now: number, { seq, limit, lentAt, ownFault, open, isAnyDone }: OutsideFailure): Judgement {
    const under = this.#of(limit);
    const before = this.#failures.get(seq);
    const wasSingledOut = ownFault >= singledOut;
    const othersSucceeded = before !== undefined && under.count((other) => other > before.at) > 0;
    const othersFailed = under.failed > (before?.failed ?? 0);
    const usesAttempt = othersSucceeded || (wasSingledOut && !othersFailed);
    // Items that ran next to its last attempt may have succeeded only after that had failed.
    const since = before?.lentAt ?? lentAt;
    const isSingledOut = wasSingledOut || usesAttempt || under.count((other) => other >= since) > open;
    const next = isSingledOut ? singledOut : ownFault + (isAnyDone ? 1 : 0);
    if (next < singledOut) under.failed += 1;
    this.#remember(seq, { at: now, lentAt, failed: under.failed });
    return { usesAttempt, ownFault: next };
  }

  /** Forgets an item that became a dead letter. */
  forget(seq: number): void {
    this.#failures.delete(seq);
  }

  #remember(seq: number, failure: { at: number; lentAt: number; failed: number }): void {
    this.#failures.delete(seq);
    this.#failures.set(seq, failure);
    if (this.#failures.size <= mostRemembered) return;
    for (const oldest of this.#failures.keys()) return void this.#failures.delete(oldest);
  }

  #of(limit: string | null): Successes {
    let under = this.#successes.get(limit);
    if (!under) this.#successes.set(limit, (under = new Successes()));
    return under;
  }
}

/** The outcomes of items that called under one limit. */
class Successes {
  /** Failures of items that were not singled out. */
  failed = 0;
  /** How many succeeded, and when the first of them was lent, or earlier. */
  readonly #grains: { lentAt: number; items: number }[] = [];

  add(lentAt: number, items: number): void {
    if (items === 0) return;
    const last = this.#grains.at(-1);
    if (last && Math.abs(lentAt - last.lentAt) < grainMs) {
      last.items += items;
      last.lentAt = Math.min(last.lentAt, lentAt);
    } else if (this.#grains.push({ lentAt, items }) > mostGrains) {
      this.#grains.shift();
    }
  }

  /** How many of the items that were lent at a relevant time have succeeded; never too many. */
  count(counts: (lentAt: number) => boolean): number {
    return this.#grains.reduce((sum, { lentAt, items }) => sum + (counts(lentAt) ? items : 0), 0);
  }
}
