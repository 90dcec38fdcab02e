import type { Writers } from '../../queue/writers.ts';
import type { Hub } from '../hub.ts';

/**
 * The writers that may still have a transaction open in the sink: consumers that died before they had ended. A consumer
 * that is lent an item that one of them may have had bars them first, and then asks the ledger. It is harmless to name
 * more of them than held that item: none of them is alive.
 */
export class UnfencedWriters {
  readonly #record: Hub['record'];
  readonly #writers: Pick<Writers, 'fenced'>;
  readonly #open: Set<number>;

  /** `open`: writers left by earlier supervisors. */
  constructor(hub: Pick<Hub, 'record'>, writers: Pick<Writers, 'fenced'>, open: Iterable<number>) {
    this.#record = hub.record;
    this.#writers = writers;
    this.#open = new Set(open);
  }

  get list(): number[] {
    return [...this.#open];
  }

  add(writer: number): void {
    this.#open.add(writer);
  }

  /** A consumer reports that the sink bars these now. */
  fenced(writers: readonly number[]): void {
    const news = writers.filter((writer) => this.#open.delete(writer));
    if (news.length > 0) this.#record(() => this.#writers.fenced(news));
  }
}
