export interface QueueStats {
  /** Items that are not settled: the sum of the next four. */
  open: number;
  queued: number;
  lent: number;
  retrying: number;
  /** Items whose results the program has not read yet (sink `to.results()`). */
  unread: number;
  /** The size of all these items. */
  bytes: number;
  /** Bytes of the frames that are kept in memory. */
  memoryBytes: number;
  /** How many items are isolated, because one of them may have killed a consumer. */
  accused: number;
}

/** The traffic through the queue since this supervisor started: frames in, deliveries out, and the items in those. */
export interface QueueTraffic {
  frames: number;
  deliveries: number;
  delivered: number;
}
