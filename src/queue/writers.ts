/** Distinguishes a process from a later one with the same pid. */
export interface ProcessIdentity {
  pid: number;
  /** Start time, in whatever unit the system has; null where it cannot be known. */
  started: string | null;
  /** Identity of the machine's boot. */
  boot: string | null;
}

export interface WriterRecord extends Partial<ProcessIdentity> {
  writer: number;
  run: string;
  role: 'producer' | 'consumer';
  ordinal: number;
}

/** A process that has no writer id yet. */
export type NewWriter = Omit<WriterRecord, 'writer' | keyof ProcessIdentity> & ProcessIdentity;

/**
 * Every process that was ever given work, by its writer id: rising, one per process, never reused. A writer is recorded
 * before its process may touch source, sink or limit, so that the next supervisor knows which processes to look for.
 *
 * Each change is atomic, and durable when the method returns. Changes throw StoreFull, having changed nothing, or an
 * error that is final.
 */
export interface Writers {
  /** Records a process; returns its writer id. */
  register(record: NewWriter): number;
  /** Whether another process was given the same work in the same run before. */
  hasPredecessor(writer: number): boolean;
  /** The process has exited. `isClean`: before that, it had reported that it had nothing in progress. */
  ended(writer: number, how: { isClean: boolean }): void;
  /** The sink bars these writers. */
  fenced(writers: readonly number[]): void;
  /** Processes whose exit has not been recorded: children of an earlier supervisor, which may still be alive. */
  notEnded(): WriterRecord[];
  /** Consumers of `run` that may have a transaction open in the sink: they did not end cleanly and are not barred. */
  notFenced(run: string): number[];
  /** Forgets the processes of other runs that have ended: nothing can come from them any more. */
  forgetOthers(run: string): void;
}
