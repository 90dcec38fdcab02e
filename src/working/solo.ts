import { Intervals } from '../core/intervals.ts';
import type { Waiting } from './slots.ts';

export interface SoloOptions {
  slots: { add: (waiting: Waiting) => void; idle: () => Promise<void> };
  /**
   * Announces that an item is about to run. Returns undefined if the supervisor gets the message even if this process dies
   * at once, else a promise that resolves when that is so.
   */
  announce: (seq: number) => Promise<void> | undefined;
  /** Calls back at the end of the event loop's turn. */
  soon: (fn: () => void) => void;
}

/**
 * Runs items when one of them may end this process: one at a time, each announced before it starts. If the process
 * dies, the last announced item is the cause.
 */
export class Solo {
  readonly #options: SoloOptions;
  readonly #waiting: Waiting[] = [];
  #isWorking = false;
  #isStopped = false;

  constructor(options: SoloOptions) {
    this.#options = options;
  }

  /** Items that have not been started. */
  get waiting(): number {
    return this.#waiting.reduce((sum, { next, last }) => sum + last - next + 1, 0);
  }

  /** Takes a run of items, to be run in order. */
  add(waiting: Waiting): void {
    if (this.#isStopped) return;
    this.#waiting.push(waiting);
    if (this.#isWorking) return;
    this.#isWorking = true;
    void this.#work();
  }

  /** Starts nothing more; returns the items that were not started, announced or not. */
  stop(): Intervals {
    this.#isStopped = true;
    const left = new Intervals();
    for (const { next, last } of this.#waiting) left.add(next, last);
    this.#waiting.length = 0;
    return left;
  }

  async #work(): Promise<void> {
    const { slots, announce, soon } = this.#options;
    await slots.idle();
    for (let first = this.#waiting[0]; first; first = this.#waiting[0]) {
      await announce(first.next);
      // Given back in the meantime.
      if (this.#isStopped) return;
      const seq = first.next++;
      if (first.next > first.last) this.#waiting.shift();
      slots.add({ ...first, next: seq, last: seq, announcedTo: seq });
      await slots.idle();
      // Its leftovers, such as an unhandled rejection, end the process before the next item is announced.
      await new Promise<void>((resolve) => soon(resolve));
    }
    this.#isWorking = false;
  }
}
