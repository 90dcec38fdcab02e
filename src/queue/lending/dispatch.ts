import type { Holding } from './holding.ts';
import type { Moment } from '../../core/clock.ts';
import type { Queue } from '../queue.ts';
import type { Delivery } from './delivery.ts';

/** A consumer that may be lent items. */
export interface Receiver {
  readonly holding: Holding;
  deliver: (delivery: Delivery) => void;
  /** Asks it to give back up to this many items that it has not started. */
  recall: (items: number) => void;
}

export interface DispatchOptions {
  /** How many bytes a consumer may hold. */
  creditBytes: number;
  moment: Moment;
  /** Lend only items that were lent before. */
  withoutNew?: boolean;
  /** How many other consumers are about to be ready. */
  soon?: number;
}

/**
 * Lends the items that can be lent. Each receiver gets about as much as it can do in a short while (`Sizing`), and never
 * more than its fair share of the available items, so that a few slow items are spread over all slots instead of filling
 * the slots of one consumer. Within these bounds, runs are as long as their frames allow: many fast items travel in few
 * messages.
 */
export function dispatch(queue: Queue, receivers: readonly Receiver[], options: DispatchOptions): void {
  spreadMarked(queue, receivers, options);
  // A full consumer leaves its share to the others. Only the next retry is known to be due.
  while (lendRound(queue, receivers, options));
}

/**
 * Lends marked items: to each receiver only its share, where consumers that are about to be ready count. So the next death
 * clears the marked items that other consumers hold.
 */
function spreadMarked(
  queue: Queue,
  receivers: readonly Receiver[],
  { creditBytes, moment, soon = 0 }: DispatchOptions,
): void {
  if (queue.availableMarked === 0) return;
  const marked = receivers.reduce((sum, { holding }) => sum + holding.marked, queue.availableMarked);
  const share = Math.ceil(marked / (receivers.length + soon));
  for (const { holding, deliver } of receivers) {
    while (holding.marked < share && holding.count < holding.sizing.allowance && holding.bytes < creditBytes) {
      const items = Math.min(share - holding.marked, holding.sizing.allowance - holding.count);
      const delivery = queue.takeMarked(holding, { items, bytes: creditBytes - holding.bytes }, moment);
      if (!delivery) return;
      deliver(delivery);
    }
  }
}

/** Lends to each receiver that can take more, up to its share of the available items. Returns false if nothing was lent. */
function lendRound(
  queue: Queue,
  receivers: readonly Receiver[],
  { creditBytes, moment, withoutNew = false, soon = 0 }: DispatchOptions,
): boolean {
  const hasSpace = ({ count, bytes, sizing }: Holding): boolean => count < sizing.allowance && bytes < creditBytes;
  const available = queue.available(moment);
  const inOrder = receivers.filter(({ holding }) => hasSpace(holding));
  if (available === 0 || inOrder.length === 0) return false;
  inOrder.sort((a, b) => a.holding.count - b.holding.count);
  const share = fairShare(inOrder, available);
  // Items for free slots are lent at once. Consumers that are about to be ready get a share of the rest.
  const held = inOrder.reduce((sum, { holding }) => sum + holding.count, 0);
  const kept = soon === 0 ? share : Math.floor((available + held) / (inOrder.length + soon));
  let hasLent = false;

  for (const { holding, deliver } of inOrder) {
    const target = Math.min(holding.sizing.allowance, share, Math.max(kept, holding.slots));
    // A consumer that has plenty waits until a worthwhile run fits; otherwise full frames would be lent in tiny pieces.
    const isShort = holding.count < holding.slots || target - holding.count >= target / 4;
    if (!isShort) continue;
    while (holding.count < target && hasSpace(holding)) {
      const bytes = Math.max(creditBytes - holding.bytes, 0);
      const delivery = queue.take(holding, { items: target - holding.count, bytes, withoutNew }, moment);
      if (!delivery) return hasLent;
      hasLent = true;
      deliver(delivery);
    }
  }
  return hasLent;
}

/**
 * How many items each receiver can hold if the available items are shared out evenly. If there is not even one item for
 * each, this is one more than the receiver with the fewest items holds. Receivers that hold more already get nothing.
 */
function fairShare(inOrder: readonly Receiver[], available: number): number {
  let held = inOrder.reduce((sum, { holding }) => sum + holding.count, 0);
  for (let sharing = inOrder.length; ; sharing--) {
    const share = Math.floor((available + held) / sharing);
    const { count } = inOrder[sharing - 1]!.holding;
    if (sharing === 1 || count <= share) return Math.max(share, inOrder[0]!.holding.count + 1);
    held -= count;
  }
}
