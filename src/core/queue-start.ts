/** A start of a supervisor on a queue, and what distinguishes the queue from a copy of it. */
export interface QueueStart {
  /** The queue's id. A copy has the same. */
  readonly queue: string;
  /** The number of this start, counted from 1. */
  readonly generation: number;
  /**
   * Random ids of this start, the one before it, and so on, as far back as they are known. A copy's ids differ from
   * those of its original.
   */
  readonly ids: readonly string[];
  /** The absolute path of the directory that holds the queue. */
  readonly directory: string;
  /**
   * For each of `ids`: when that start began, all seqs below this one had been assigned according to the queue's file.
   */
  readonly givenBelow: readonly number[];
  /** For each of `ids`: the first seq that it assigned. Above `givenBelow` if the file may have lost commits in a power loss. */
  readonly nextSeq: readonly number[];
}
