/** The claims about the queue: S4, S5, S6, S14. */
import type { Queue } from '../../../src/queue/queue.ts';
import type { QueueStats } from '../../../src/queue/queue-stats.ts';
import type { Store } from '../../../src/queue/store.ts';
import type { Plan } from '../world/plan.ts';
import type { Facts } from './facts.ts';
import { claim } from './violation.ts';

/** S4: each stored item is in exactly one place: queued, lent, waiting for a retry, or settled. */
export function s4EachItemIsInOnePlace(facts: Facts, { isDirty }: Queue, { queued, lent, retrying }: QueueStats): void {
  // The outcome of some items is in the group but not in the spool yet.
  if (isDirty) return;
  let open = 0;
  let known = 0;
  for (const { lentTo } of facts.open()) {
    open += 1;
    if (lentTo !== undefined) known += 1;
  }
  claim('S4', queued >= 0 && lent >= 0 && retrying >= 0, () => `${queued} queued, ${lent} lent, ${retrying} retrying`);
  claim('S4', lent === known, () => `${known} items are lent, and the queue counts ${lent}`);
  claim('S4', queued + lent + retrying === open, () => {
    return `${open} items are open, and the queue counts ${queued} queued, ${lent} lent, ${retrying} retrying`;
  });
}

/** S4: items that were reported to the producer as stored stay stored. */
export function s4StoredStaysStored(facts: Facts): void {
  const stored = new Set(facts.stored);
  for (const id of facts.toldStored)
    claim('S4', stored.has(id), () => `item ${id} was called stored, and is not any more`);
}

/** S5: a deterministic source is stored item by item, in order; any other source is stored without gaps after its checkpoint. */
export function s5SourceIsStoredInOrder(facts: Facts, { deterministic }: Plan, ids: readonly number[]): void {
  const known = facts.stored.length - ids.length;
  let highest = facts.stored.slice(0, known).reduce((most, id) => Math.max(most, id), -1);
  ids.forEach((id, i) => {
    const fits = deterministic ? id === known + i : id <= highest + 1;
    claim('S5', fits, () => `item ${id} was stored after ${highest + 1} items of the source`);
    highest = Math.max(highest, id);
  });
}

/** S6: no seq is ever assigned to two items, or twice. */
export function s6SeqIsGivenOnce(facts: Facts, seq: number, id: number): void {
  const before = facts.given.get(seq);
  claim('S6', before === undefined, () => `seq ${seq} was given to item ${before}, and now to item ${id}`);
}

/** The smallest size of an item in a frame, and of a frame itself. */
const leastItemBytes = 14;
const leastFrameBytes = 20;

/** S14: open items stay within the high-water mark plus what the producer may have sent; the counters agree with the store. */
export function s14QueueIsBounded(
  facts: Facts,
  { highItems, windowBytes, frameItems, frameBytes }: Plan,
  { queue, stats, store }: { queue: Queue; stats: QueueStats; store: Store },
): void {
  // One frame may be larger than the window, and the producer may be collecting another when it learns of the mark.
  const frame = Math.min(frameItems, Math.ceil(frameBytes / leastItemBytes));
  const onItsWay = Math.max(Math.ceil(windowBytes / (leastItemBytes + leastFrameBytes / frame)), frame) + frame;
  let open = 0;
  for (const _ of facts.open()) open += 1;
  // Dead letters that an operator gives back come on top of that.
  claim(
    'S14',
    open <= highItems + onItsWay + facts.givenBack,
    () => `${open} items are open; the mark is ${highItems}`,
  );
  if (queue.isDirty) return;
  const totals = store.totals();
  const counted = stats.queued + stats.lent + stats.retrying;
  claim('S14', counted === totals.items + totals.retrying && stats.bytes === totals.bytes, () => {
    return `the queue counts ${counted} items of ${stats.bytes} bytes, its store ${totals.items + totals.retrying} of ${totals.bytes}`;
  });
}
