import type { Queue } from '../../queue/queue.ts';
import { StoreFull } from '../../queue/store.ts';
import type { Hub } from '../hub.ts';
import type { Consuming } from './consuming.ts';

/** The ledger is pruned after this many items, */
const everyItems = 20_000;
/** or after this long, if anything was settled. */
const everyMs = 5000;

/**
 * From time to time, sends one consumer the seqs that the sink's ledger may forget, so that the ledger stays as small
 * as the open items. Call it after a commit: seqs that are announced as settled are settled in the spool.
 */
export class Pruning {
  readonly #hub: Hub;
  /** Earlier runs: their ledger rows can go once this run has stored something. */
  readonly #oldRuns: readonly string[];
  #doneAtLast = 0;
  #lastAt: number;
  #turn = 0;
  #hasSweptAtEnd = false;

  constructor(hub: Hub, oldRuns: readonly string[]) {
    this.#hub = hub;
    this.#oldRuns = oldRuns;
    this.#doneAtLast = hub.queue.run.done;
    this.#lastAt = hub.clock.now();
  }

  /** Called after each commit. */
  afterCommit(consumers: readonly Consuming[]): void {
    const settled = this.#hub.queue.run.done - this.#doneAtLast;
    if (settled === 0) return;
    if (settled < everyItems && this.#hub.clock.now() - this.#lastAt < everyMs) return;
    this.#sweep(consumers);
  }

  /** Called when nothing is open any more, before the consumers are asked to end: the ledger is no longer needed. */
  atTheEnd(consumers: readonly Consuming[]): void {
    if (!this.#hasSweptAtEnd) this.#hasSweptAtEnd = this.#sweep(consumers);
  }

  #sweep(consumers: readonly Consuming[]): boolean {
    const { queue, clock, pipeline } = this.#hub;
    if (!pipeline.sinkHasLedger) return true;
    const ready = consumers.filter(({ holding }) => holding);
    const consumer = ready[this.#turn++ % Math.max(ready.length, 1)];
    if (!consumer) return false;
    const watermark = this.#watermark();
    if (!watermark) return false;
    // Always the full range: pruning is not acknowledged, and the consumer that got the last request may have died.
    consumer.post.child?.send({ type: 'prune', ...watermark, drop: this.#oldRuns });
    this.#doneAtLast = queue.run.done;
    this.#lastAt = clock.now();
    return true;
  }

  /** Undefined while the disk is full: the ledger stays larger until there is space. */
  #watermark(): ReturnType<Queue['watermark']> | undefined {
    try {
      return this.#hub.queue.watermark();
    } catch (error) {
      if (error instanceof StoreFull) return undefined;
      throw error;
    }
  }
}
