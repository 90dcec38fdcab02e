/** What is promised of the queue: S4, S5, S6, S14. */
import type { Queue } from '../../../src/queue/queue.ts';
import type { Store } from '../../../src/queue/store.ts';
import type { Plan } from '../world/plan.ts';
import type { Facts } from './facts.ts';
import { claim } from './violation.ts';

/** S4: each item that is stored is queued, lent, waiting for a retry, or settled: in one of these places. */
export function s4EachItemIsInOnePlace(facts: Facts, queue: Queue): void {
  // What became of some is in the group, and not in the spool yet.
  if (queue.isDirty) return;
  let open = 0;
  let known = 0;
  for (const { lentTo } of facts.open()) {
    open += 1;
    if (lentTo !== undefined) known += 1;
  }
  const { queued, lent, retrying } = queue.stats;
  claim('S4', queued >= 0 && lent >= 0 && retrying >= 0, () => `${queued} queued, ${lent} lent, ${retrying} retrying`);
  claim('S4', lent === known, () => `${known} items are lent, and the queue counts ${lent}`);
  claim('S4', queued + lent + retrying === open, () => {
    return `${open} items are open, and the queue counts ${queued} queued, ${lent} lent, ${retrying} retrying`;
  });
}

/** S5: a deterministic source is stored item by item, in order; another leaves out nothing that comes after its checkpoint. */
export function s5SourceIsStoredInOrder(facts: Facts, { deterministic }: Plan, ids: readonly number[]): void {
  const known = facts.stored.length - ids.length;
  let highest = facts.stored.slice(0, known).reduce((most, id) => Math.max(most, id), -1);
  ids.forEach((id, i) => {
    const fits = deterministic ? id === known + i : id <= highest + 1;
    claim('S5', fits, () => `item ${id} was stored after ${highest + 1} items of the source`);
    highest = Math.max(highest, id);
  });
}

/** S6: no seq is ever given to two items, nor twice. */
export function s6SeqIsGivenOnce(facts: Facts, seq: number, id: number): void {
  const before = facts.given.get(seq);
  claim('S6', before === undefined, () => `seq ${seq} was given to item ${before}, and now to item ${id}`);
}

/** What one item takes in a frame, at least. */
const leastItemBytes = 14;

/** S14: no more is open than the high-water mark and what the producer may have on its way; the counters agree with the store. */
export function s14QueueIsBounded(facts: Facts, plan: Plan, queue: Queue, store: Store): void {
  const { highItems, windowBytes, frameItems } = plan;
  // Once stored, and once more before it has heard of the mark.
  const onItsWay = 2 * (Math.ceil(windowBytes / leastItemBytes) + frameItems);
  let open = 0;
  for (const _ of facts.open()) open += 1;
  claim('S14', open <= highItems + onItsWay, () => `${open} items are open; the mark is ${highItems}`);
  if (queue.isDirty) return;
  const totals = store.totals();
  const { queued, lent, retrying, bytes } = queue.stats;
  claim('S14', queued + lent + retrying === totals.items + totals.retrying && bytes === totals.bytes, () => {
    const counted = `${queued + lent + retrying} items of ${bytes} bytes`;
    return `the queue counts ${counted}, its store ${totals.items + totals.retrying} of ${totals.bytes}`;
  });
}
