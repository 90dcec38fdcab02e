/** A number of milliseconds, or text with a unit. */
export type Duration = number | `${number}${'' | ' '}${'ms' | 's' | 'm' | 'min' | 'h' | 'd'}`;

/** A number of bytes, or text with a unit: powers of 1024 with an `i`, of 1000 without. */
export type ByteSize = number | `${number}${'' | ' '}${'B' | 'kB' | 'KiB' | 'MB' | 'MiB' | 'GB' | 'GiB'}`;

/**
 * Defaults that a pipeline sets. The config file, the environment (`MILLRACE_CONSUMERS`) and flags (`--consumers`)
 * override them.
 */
export interface PipelineOptions {
  /** Consumer processes. Default `auto`: one for each core that Millrace may use. */
  consumers?: number | 'auto' | undefined;
  /** Items that each consumer processes at a time. Default 16. */
  concurrency?: number | undefined;
  /**
   * Crashes within `crashPeriod`, or failed starts in a row, that are tolerated; one more parks the process. Default 5.
   */
  crashLimit?: number | undefined;
  /** Period over which crashes are counted. Default 60s. */
  crashPeriod?: Duration | undefined;
  /** Memory (RSS) above which a consumer is replaced. The new process is started first. Default: none. */
  maxRss?: ByteSize | undefined;
  /** Items after which a consumer is replaced in the same way. Default: none. */
  maxItems?: number | undefined;
  /** Age at which a consumer is replaced in the same way. Default: none. */
  maxAge?: Duration | undefined;
  /** Attempts per item before it becomes a dead letter. Default 5. */
  attempts?: number | undefined;
  /** Longest delay before the second attempt; it doubles with each attempt. Default 1s. */
  retryBase?: Duration | undefined;
  /** Longest delay before any attempt. Default 5min. */
  retryCap?: Duration | undefined;
  /** Dead letters at which the pipeline pauses. Default 10,000. */
  deadMax?: number | undefined;
  /**
   * Consecutive failed attempts before the pipeline pauses, if they span at least 10 s. It then tries one item at a
   * time, without using attempts, until one succeeds. 0: never. Default 100.
   */
  pauseAfter?: number | undefined;
  /** Time limit for an item; after that its signal aborts. Default 5min. */
  itemTimeout?: Duration | undefined;
  /**
   * Time that an item may keep running after its signal aborted, before it counts as failed and its process is
   * replaced. Default 30s.
   */
  abortGrace?: Duration | undefined;
  /** Time limit for a commit to the sink; after that the sink counts as unreachable. Default 60s. */
  sinkTimeout?: Duration | undefined;
  /** Time for started items to finish when the service stops. Default 25s. */
  stopTimeout?: Duration | undefined;
  /**
   * Time limit for the last flush and `teardown` of a consumer at the end of a run. If they fail or take longer, they
   * get one more attempt. Default 5min.
   */
  endTimeout?: Duration | undefined;
  /** Time without a sign of life after which a process is killed and replaced. Default 60s. */
  stallTimeout?: Duration | undefined;
  /** Time limit for a process to start. Default 30s. */
  readyTimeout?: Duration | undefined;
  /**
   * `full`: exactly once, even after a power failure. `normal`: after a power failure some items may be written twice.
   * Default full.
   */
  durability?: 'full' | 'normal' | undefined;
  /** High-water mark: items in the queue at which the producer pauses. Default 100,000. */
  queueHighItems?: number | undefined;
  /** Low-water mark: items in the queue at which it resumes. Default: half of `queueHighItems`. */
  queueLowItems?: number | undefined;
  /** High-water mark: bytes in the queue at which the producer pauses. Default 256MiB. */
  queueHighBytes?: ByteSize | undefined;
  /** Low-water mark: bytes in the queue at which it resumes. Default: half of `queueHighBytes`. */
  queueLowBytes?: ByteSize | undefined;
  /** How much of the queue is held in memory; the rest is read back from its file. Default 8MiB. */
  queueMemory?: ByteSize | undefined;
  /**
   * Free space on the queue's disk below which the producer pauses. Default: 256MiB, or a twentieth of the disk if that
   * is less.
   */
  minFree?: ByteSize | undefined;
  /** Largest item, encoded. Default 16MiB, at most 128MiB. */
  maxItemBytes?: ByteSize | undefined;
  /** Bytes that the producer may send ahead of acknowledgement. They may take the queue past its high-water marks. Default 4MiB. */
  producerWindow?: ByteSize | undefined;
  /** Bytes of items that a consumer may hold. Default 8MiB. */
  consumerCredit?: ByteSize | undefined;
  /** Most items that are stored together. Default 1024. */
  frameItems?: number | undefined;
  /** Most bytes that are stored together; a larger item is stored alone. Default 256KiB. */
  frameBytes?: ByteSize | undefined;
  /**
   * Keys whose values are hidden in logs, errors and displayed dead letters, in addition to those that look like
   * secrets. Case, `-`, `_` and spaces in a key do not matter: `accountNumber` also matches `account_number`.
   */
  redact?: readonly string[] | undefined;
}
