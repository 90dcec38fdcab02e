import type { Receiver } from '../lending/dispatch.ts';
import type { Holding } from '../lending/holding.ts';
import type { Moment } from '../../core/clock.ts';
import type { Queue } from '../queue.ts';

/** If there is only one consumer, it alternates between isolated and other items; each turn takes this long. */
const turnMs = 1000;

/**
 * The consumer that is set aside to run isolated items alone: one at a time, and lent nothing else meanwhile, so that
 * its death names the item. The others carry on with the rest; if there is only one consumer, it takes turns.
 */
export class Aside {
  #holding: Holding | undefined;
  /** When the only consumer began its turn of isolated items; undefined if it is not in such a turn. */
  #aloneSince: number | undefined;
  /** When the only consumer's turn of other items ends. */
  #othersUntil = 0;

  /** What the consumer that is set aside holds; undefined while no consumer is. */
  get holding(): Holding | undefined {
    return this.#holding;
  }

  /** Lends isolated items, if there are any. Returns the receivers that are left for everything else. */
  lend(
    queue: Queue,
    receivers: readonly Receiver[],
    { creditBytes, moment }: { creditBytes: number; moment: Moment },
  ): readonly Receiver[] {
    const isNeeded = queue.availableAlone(moment) > 0;
    const [only] = receivers.length === 1 ? receivers : [];
    const isTaken = only !== undefined && this.#isTurnOfOthers(queue, only, isNeeded, moment);
    const chosen = isTaken ? undefined : this.#choose(receivers, isNeeded);
    this.#holding = chosen?.holding;
    if (!chosen) return receivers;
    // Items that it was lent before run together with others. They must finish first.
    if (chosen.holding.count === 0) {
      const limit = { bytes: creditBytes, ...(only && { ms: turnMs }) };
      for (const delivery of queue.takeAlone(chosen.holding, limit, moment)) {
        chosen.deliver(delivery);
        this.#aloneSince ??= moment.now;
      }
    }
    return receivers.filter((receiver) => receiver !== chosen);
  }

  /** Whether the only consumer is in its turn of items that are not isolated. */
  #isTurnOfOthers(queue: Queue, { holding }: Receiver, isNeeded: boolean, moment: Moment): boolean {
    const { now } = moment;
    if (holding.isAlone) return false;
    if (!isNeeded) this.#aloneSince = undefined;
    if (this.#aloneSince !== undefined && now - this.#aloneSince >= turnMs) {
      this.#aloneSince = undefined;
      this.#othersUntil = now + turnMs;
    }
    const hasOthers = holding.count > 0 || queue.availableMarked > 0 || queue.available(moment) > 0;
    return hasOthers && now < this.#othersUntil;
  }

  /** The consumer that has begun continues. Otherwise one that is free, or was chosen before, or will be free soonest. */
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
