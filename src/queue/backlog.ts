import { Intervals } from '../core/intervals.ts';
import type { RetryHead } from './store.ts';

/** Items that came back after they were lent, and due retries. They are lent again before new items. */
export class Backlog {
  /** Items that are in their frames. */
  readonly items = new Intervals();
  /** Items that are in rows of their own. */
  readonly retries: RetryHead[] = [];

  get size(): number {
    return this.items.size + this.retries.length;
  }
}
