import type { Settle } from '../ipc/messages.ts';

/**
 * How long items take, and for how much of that time they block the event loop, summed up from one settle to the next.
 */
export class Pace {
  #ran = 0;
  #tookMs = 0;
  #blockedMs = 0;

  /** The `process` of some items has ended. `ms`: how long they took in total. */
  ended(items: number, ms: number): void {
    this.#ran += items;
    this.#tookMs += ms;
  }

  /** `process` was called, for one item or several in a row, and returned after `ms`. */
  blocked(ms: number): void {
    this.#blockedMs += ms;
  }

  /** The sums since the last call. */
  take(): Pick<Settle, 'ran' | 'tookMs' | 'blockedMs'> {
    const taken = { ran: this.#ran, tookMs: rounded(this.#tookMs), blockedMs: rounded(this.#blockedMs) };
    this.#ran = 0;
    this.#tookMs = 0;
    this.#blockedMs = 0;
    return taken;
  }
}

function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
