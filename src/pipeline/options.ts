/** A number of milliseconds, or text with a unit. */
export type Duration = number | `${number}${'' | ' '}${'ms' | 's' | 'm' | 'min' | 'h' | 'd'}`;

/** A number of bytes, or text with a unit: powers of 1024 with an `i`, of 1000 without. */
export type ByteSize = number | `${number}${'' | ' '}${'B' | 'kB' | 'KiB' | 'MB' | 'MiB' | 'GB' | 'GiB'}`;

/**
 * Defaults that a pipeline brings along. The config file, the environment (`MILLRACE_CONSUMERS`) and flags
 * (`--consumers`) override them.
 */
export interface PipelineOptions {
  /** Consumer processes. Default `auto`: one for each core that Millrace may use. */
  consumers?: number | 'auto' | undefined;
  /** Items that each consumer processes at a time. Default 16. */
  concurrency?: number | undefined;
  /** Crashes within `crashPeriod`, or failed starts in a row; one more parks the process. Default 5. */
  crashLimit?: number | undefined;
  /** Period over which crashes are counted. Default 60s. */
  crashPeriod?: Duration | undefined;
  /** Memory (RSS) above which a consumer is replaced by a new process, which is started first. Default: none. */
  maxRss?: ByteSize | undefined;
  /** Items after which a consumer is replaced in that way. Default: none. */
  maxItems?: number | undefined;
  /** Age at which a consumer is replaced in that way. Default: none. */
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
   * Tries that all fail, over at least 10 s, after which the pipeline pauses, and tries one item at a time, without using
   * up its attempts, until one succeeds. 0: never. Default 100.
   */
  pauseAfter?: number | undefined;
  /** Time that `process` may take for an item before its signal aborts. Default 5min. */
  itemTimeout?: Duration | undefined;
  /** Time that an item may go on after its signal aborted, before it has failed and its process is replaced. Default 30s. */
  abortGrace?: Duration | undefined;
  /** Time limit for a commit to the sink; after that the sink counts as unreachable. Default 60s. */
  sinkTimeout?: Duration | undefined;
  /** Time to finish what has been started when the service is told to stop. Default 25s. */
  stopTimeout?: Duration | undefined;
  /**
   * Time that a consumer has for `teardown` and the last flush at the end of a run. If they fail or take longer, they are
   * tried once more. Default 5min.
   */
  endTimeout?: Duration | undefined;
  /** Silence after which a process is taken for stuck, killed and replaced. Default 60s. */
  stallTimeout?: Duration | undefined;
  /** Time limit for a process to start. Default 30s. */
  readyTimeout?: Duration | undefined;
  /** `full`: exactly once, also when the power fails. `normal`: after that, some items may come twice. Default full. */
  durability?: 'full' | 'normal' | undefined;
  /** Items in the queue at which the producer is made to wait. Default 100,000. */
  queueHighItems?: number | undefined;
  /** Items in the queue at which the producer goes on. Default: half of `queueHighItems`. */
  queueLowItems?: number | undefined;
  /** Bytes in the queue at which the producer is made to wait. Default 256MiB. */
  queueHighBytes?: ByteSize | undefined;
  /** Bytes in the queue at which the producer goes on. Default: half of `queueHighBytes`. */
  queueLowBytes?: ByteSize | undefined;
  /** How much of the queue is held in memory; the rest is read back from its file. Default 16MiB. */
  queueMemory?: ByteSize | undefined;
  /** Free space of the queue's disk below which the producer waits. Default: 256MiB, or a twentieth of the disk if that is less. */
  minFree?: ByteSize | undefined;
  /** Largest item, encoded. Default 16MiB, at most 128MiB. */
  maxItemBytes?: ByteSize | undefined;
  /** Bytes that the producer may have sent and not yet know to be stored. Default 4MiB. */
  producerWindow?: ByteSize | undefined;
  /** Bytes that a consumer may be lent. Default 8MiB. */
  consumerCredit?: ByteSize | undefined;
  /** Items that are encoded and stored together, at most. Default 1024. */
  frameItems?: number | undefined;
  /** Bytes that are encoded and stored together, at most; a larger item goes alone. Default 256KiB. */
  frameBytes?: ByteSize | undefined;
  /**
   * Keys whose values are hidden in logs, errors and displayed dead letters, in addition to those that look like secrets.
   * Case, `-`, `_` and spaces in a key do not matter: `accountNumber` is `account_number` as well.
   */
  redact?: readonly string[] | undefined;
}
