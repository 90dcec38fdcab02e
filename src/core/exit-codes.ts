/** The exit codes, for systemd, docker and scripts (from sysexits where one fits). */
export const exitCodes = {
  /** Finished, or stopped cleanly: the queue may hold work. */
  ok: 0,
  /** A bug in Millrace. */
  bug: 1,
  /** Finished, and there are dead letters. */
  deadLetters: 3,
  /** The command line is wrong. */
  usage: 64,
  /**
   * Unavailable. A run gave up because the producer or every consumer crashed too often; the queue is intact. Or a command
   * that asks a running pipeline found none, or got no answer.
   */
  gaveUp: 69,
  /** The spool's disk or file failed. */
  io: 74,
  /** Stopped by force: some items were aborted; they remain in the queue. */
  forced: 75,
  /** The configuration or the pipeline is wrong. */
  config: 78,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];
