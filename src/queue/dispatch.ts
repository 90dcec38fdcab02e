import type { Holding } from './lending.ts';
import type { Delivery, Moment, Queue } from './queue.ts';

/** A consumer that may be lent items. */
export interface Receiver {
  readonly holding: Holding;
  deliver: (delivery: Delivery) => void;
}

/**
 * Lends what can be lent: to each receiver about as much as it can do in a short while (`Sizing`), and never more
 * than its fair share of what there is, so that a few slow items are spread over all slots instead of filling one
 * consumer's. Within that, runs are as long as their frames allow: many fast items travel in few messages.
 */
export function dispatch(
  queue: Queue,
  receivers: readonly Receiver[],
  { creditBytes, moment }: { creditBytes: number; moment: Moment },
): void {
  const available = queue.available(moment);
  if (available === 0 || receivers.length === 0) return;
  const inOrder = [...receivers].sort((a, b) => a.holding.count - b.holding.count);
  const held = inOrder.reduce((sum, { holding }) => sum + holding.count, 0);
  const share = Math.ceil((available + held) / inOrder.length);

  for (const { holding, deliver } of inOrder) {
    const target = Math.min(holding.sizing.allowance, share);
    // A consumer that has plenty waits until a worthwhile run fits: else full frames would be lent in crumbs.
    const isShort = holding.count < holding.slots || target - holding.count >= target / 4;
    if (!isShort) continue;
    while (holding.count < target && (holding.count === 0 || holding.bytes < creditBytes)) {
      const delivery = queue.take(
        holding,
        { items: target - holding.count, bytes: Math.max(creditBytes - holding.bytes, 0) },
        moment,
      );
      if (!delivery) return;
      deliver(delivery);
    }
  }
}
