import type { Hub } from '../hub.ts';

/**
 * The writers that may still have a transaction open in the sink: consumers that went without having ended. Whoever
 * is lent an item that one of them may have had bars them first, and asks the ledger then. Naming more of them than
 * held that very item is harmless: none of them lives.
 */
export class UnfencedWriters {
  readonly #hub: Pick<Hub, 'writers' | 'record'>;
  readonly #open: Set<number>;

  constructor(hub: Pick<Hub, 'writers' | 'record'>, open: Iterable<number>) {
    this.#hub = hub;
    this.#open = new Set(open);
  }

  get list(): number[] {
    return [...this.#open];
  }

  add(writer: number): void {
    this.#open.add(writer);
  }

  /** A consumer says that the sink bars these now. */
  fenced(writers: readonly number[]): void {
    const news = writers.filter((writer) => this.#open.delete(writer));
    const { writers: records, record } = this.#hub;
    if (news.length > 0) record(() => records.fenced(news));
  }
}
