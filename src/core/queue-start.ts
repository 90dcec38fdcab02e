/** A start of a supervisor on a queue, and what distinguishes the queue from a copy of it. */
export interface QueueStart {
  /** The queue's id. A copy has the same. */
  readonly queue: string;
  /** The number of this start, counted from 1. */
  readonly generation: number;
  /** Random ids of this start, the one before it, and so on, as far as they are known. In a copy, later ids differ. */
  readonly ids: readonly string[];
  /** The absolute path of the directory that holds the queue. */
  readonly directory: string;
  /** For each of `ids`: when that start began, the queue's file showed that all seqs below this one had been assigned. */
  readonly givenBelow: readonly number[];
  /** For each of `ids`: the first seq that it assigned. Above `givenBelow` if the file may have lost commits in a power loss. */
  readonly nextSeq: readonly number[];
}
