/**
 * Who may have had an item before: provably no consumer (`first`), consumers of an earlier supervisor (`inherited`), or
 * a consumer of this supervisor that died with it (`lost`). Except for `first`, the ledger is asked before the item
 * runs: for inherited items only up to the ledger's highest seq, for lost items always.
 */
export type History = 'first' | 'inherited' | 'lost';

/**
 * How items run. `together`: as slots allow. `alone`: one at a time, each announced before it starts, because one of
 * them is accused of having killed its consumer. `askOnly`: not at all, because they have killed too often; the
 * consumer only asks the sink's ledger whether it has them.
 */
export type DeliveryMode = 'together' | 'alone' | 'askOnly';

/** A run of items that a consumer is lent, as the queue hands it out and as the message carries it. */
export interface DeliveryHead {
  /** The seq of the first item; the others' follow it. */
  seq: number;
  /** The seq that the first item was first stored under; differs after an operator gave a dead letter back. */
  origin: number;
  /** The run in which it got its origin. */
  originRun: string;
  /** 1 for a first attempt. */
  attempt: number;
  history: History;
  mode: DeliveryMode;
  /** This many of the first items may start without being announced: they already count as started. */
  free: number;
  /** In a pipeline with several sinks: the ids of those that already have this one item. Left out if none has it. */
  inSinks?: readonly string[];
}
