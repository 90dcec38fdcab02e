import type { Receiver } from './dispatch.ts';
import type { Holding } from './holding.ts';

/** Items that were lent longer ago than this and have not started should move to an idle consumer. */
const patienceMs = 100;

/**
 * When nothing is left to lend and a consumer has little to do, asks the others to give back items that they have not
 * started. Until they answer, they keep the items. Returns when to check again; undefined if there is no need to check before
 * something changes.
 */
export function recallUnstarted(receivers: readonly Receiver[], now: number): number | undefined {
  const hungry = receivers.filter(({ holding }) => isHungry(holding)).length;
  if (hungry === 0) return undefined;
  let nextAt: number | undefined;
  for (const { holding, recall } of receivers) {
    const { count, sizing, oldestLentAt, mayReturn } = holding;
    const spare = count - sizing.capacity;
    if (spare < 1 || !mayReturn || oldestLentAt === undefined) continue;
    const at = oldestLentAt + patienceMs;
    if (at <= now) recall(Math.min(spare, Math.ceil((count * hungry) / (hungry + 1))));
    else nextAt = Math.min(nextAt ?? Infinity, at);
  }
  return nextAt;
}

/** It is idle, or could run twice as many items at a time. */
function isHungry({ count, sizing }: Holding): boolean {
  return count === 0 || count * 2 < sizing.capacity;
}
