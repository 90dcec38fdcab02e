import { Intervals } from '../core/intervals.ts';
import type { RetryHead } from './store.ts';

/** Items that have been lent and have come back, and retries that are due: what is lent before the line goes on. */
export class Backlog {
  /** Items that are in their frames. */
  readonly items = new Intervals();
  /** Those that are in rows of their own. */
  readonly retries: RetryHead[] = [];

  get size(): number {
    return this.items.size + this.retries.length;
  }
}
