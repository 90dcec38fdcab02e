import type { DeadLetter, DeadQuery } from './status.ts';

/** A dead letter without its item. */
export type DeadSummary = Omit<DeadLetter, 'item'>;

/** What an operator can do with the dead letters of a pipeline, whether it runs or not. */
export interface DeadLetters {
  /** Without their items, in the order of seq. */
  list(query: DeadQuery): Promise<readonly DeadSummary[]>;
  /** With its item; undefined if there is none of that seq. */
  read(seq: number): Promise<DeadLetter | undefined>;
  /** Puts them back into the queue. Resolves, when that is durable, to the seqs that there is no letter of. */
  giveBack(seqs: readonly number[]): Promise<number[]>;
  /** Puts one back with another item. */
  giveBackAs(seq: number, item: unknown): Promise<number[]>;
  /** Deletes them. */
  purge(seqs: readonly number[]): Promise<number[]>;
}
