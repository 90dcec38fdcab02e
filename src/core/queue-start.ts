/** A start of a supervisor on a queue, and what tells the queue from a copy of it. */
export interface QueueStart {
  /** The queue's id. A copy has the same. */
  readonly queue: string;
  /** Which start this is, counted from 1. */
  readonly generation: number;
  /** Random ids of this start, the one before it, and so on, as far back as they are known: a copy's differ from where it was made. */
  readonly ids: readonly string[];
  /** The folder that holds the queue, as an absolute path. */
  readonly directory: string;
  /** For each of `ids`: when that start began, the queue's file showed that all seqs below this one had been given out. */
  readonly givenBelow: readonly number[];
  /** For each of `ids`: the first seq that it gave out. Above `givenBelow` if the file may have lost commits in a power loss. */
  readonly nextSeq: readonly number[];
}
