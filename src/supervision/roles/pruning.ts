import type { Queue } from '../../queue/queue.ts';
import { StoreFull } from '../../queue/store.ts';
import type { Hub } from '../hub.ts';
import type { Consuming } from './consuming.ts';

/** The ledger is swept after this many items, */
const everyItems = 20_000;
/** or after this long, if anything was settled. */
const everyMs = 5000;

/**
 * Tells one consumer now and then what the sink's ledger may forget, so that it stays as small as what is open.
 * Comes after a commit: what is announced as settled is settled in the spool.
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

  /** Called when nothing is open any more, before the consumers are told to end: the ledger has done its service. */
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
    // All of it each time: nobody says that a sweep has been done, and whoever was told of the last one may have died.
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
