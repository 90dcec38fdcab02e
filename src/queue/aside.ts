import type { Receiver } from './dispatch.ts';
import type { Holding } from './lending.ts';
import type { Moment, Queue } from './queue.ts';

/**
 * The consumer that is set aside to run accused items alone: one at a time, and lent nothing else meanwhile, so that
 * its death names the item. The others go on with the rest; where there is only one, the accused come first.
 */
export class Aside {
  #holding: Holding | undefined;

  /** What the consumer that is set aside holds; undefined while there is nobody to accuse. */
  get holding(): Holding | undefined {
    return this.#holding;
  }

  /** Lends accused items, if there are any. Returns the receivers that are left for everything else. */
  lend(
    queue: Queue,
    receivers: readonly Receiver[],
    { creditBytes, moment }: { creditBytes: number; moment: Moment },
  ): readonly Receiver[] {
    const chosen = this.#choose(receivers, queue.availableAlone(moment) > 0);
    this.#holding = chosen?.holding;
    if (!chosen) return receivers;
    // What it was lent before runs together with others: that comes to its end first.
    if (chosen.holding.count === 0) {
      for (const delivery of queue.takeAlone(chosen.holding, { bytes: creditBytes }, moment)) chosen.deliver(delivery);
    }
    return receivers.filter((receiver) => receiver !== chosen);
  }

  /** Whoever has begun goes on; else whoever is free, or who was to become free; or who will be soonest. */
  #choose(receivers: readonly Receiver[], isNeeded: boolean): Receiver | undefined {
    const begun = receivers.find(({ holding }) => holding.isAlone);
    if (begun || !isNeeded) return begun;
    return (
      receivers.find(({ holding }) => holding.count === 0) ??
      receivers.find(({ holding }) => holding === this.#holding) ??
      receivers.toSorted((a, b) => a.holding.count - b.holding.count)[0]
    );
  }
}
