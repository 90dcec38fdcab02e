import type { ErrorData } from './errors.ts';

/** One of the errors that an item has had. */
export interface PastError {
  /** Wall-clock time. */
  at: number;
  code: string;
  /** Its message and those of its causes, shortened. */
  message: string;
}

/** A dead letter: an item that failed for good and will not run again. Without the item. */
export interface DeadSummary {
  seq: number;
  /** The seq that the item had first; differs if an operator has given it back before. */
  origin: number;
  run: string;
  attempts: number;
  /** How often it has killed its consumer. */
  kills: number;
  /** In a pipeline with several sinks: those that have the item nevertheless. Left out if none has it. */
  inSinks?: readonly string[];
  reason: string;
  error: ErrorData;
  /** Its latest errors, oldest first; also those from before it was given back. */
  history: PastError[];
  /** Wall-clock time. */
  diedAt: number;
}

/** A dead letter with its item, decoded for people. */
export interface DeadLetter extends DeadSummary {
  /** For a raw record, its text. */
  item: unknown;
  /** More about a raw record, which is a line or row of a file. */
  record?: RecordFacts;
}

/** A raw record, without its text. */
export interface RecordFacts {
  /** The kind of the source that read it. */
  kind: string;
  encoding: string;
  /** Where it begins, if that is known: `line` is counted from 1, `byte` from 0. */
  file?: string;
  line?: number;
  byte?: number;
  /** Its true length in bytes, if it is oversized. Then only its beginning is kept. */
  length?: number;
  /** Its bytes, if they cannot be recovered from its text. */
  base64?: string;
}

/** Dead letters by seq: at most `limit`, above `after`. */
export interface DeadQuery {
  after: number;
  limit: number;
}

/** What an operator can do with the dead letters of a pipeline, whether or not it is running. */
export interface DeadLetters {
  /** Without their items, in the order of seq. */
  list(query: DeadQuery): Promise<readonly DeadSummary[]>;
  /** Undefined if no letter has that seq. */
  read(seq: number): Promise<DeadLetter | undefined>;
  /** Gives letters back to the queue. Resolves, once that is durable, to the seqs that have no letter. */
  giveBack(seqs: readonly number[]): Promise<number[]>;
  /**
   * Gives a letter back with another item; a raw record with another text, or other bytes. Rejects with an ItemError if
   * the item cannot be carried.
   */
  giveBackAs(seq: number, item: unknown): Promise<number[]>;
  /** Deletes letters. Resolves as `giveBack` does. */
  purge(seqs: readonly number[]): Promise<number[]>;
}
