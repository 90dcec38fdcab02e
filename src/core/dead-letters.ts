import type { ErrorData } from './errors.ts';

/** One of the errors that an item has had. */
export interface PastError {
  /** Wall-clock time. */
  at: number;
  code: string;
  /** Its message and those of its causes, cut. */
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
  /** Of a pipeline with several sinks: those that have the item all the same. Left out if none has. */
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
  /** Of a raw record, its text. */
  item: unknown;
  /** What else is known of a raw record, which is a line or row of a file. */
  record?: RecordFacts;
}

/** A raw record, besides its text. */
export interface RecordFacts {
  /** The kind of the source that read it. */
  kind: string;
  encoding: string;
  /** Where it begins, as far as that is known: `line` is counted from 1, `byte` from 0. */
  file?: string;
  line?: number;
  byte?: number;
  /** Its true length in bytes, if it is oversized: then only its beginning is kept. */
  length?: number;
  /** Its bytes, where they cannot be had back from its text. */
  base64?: string;
}

/** Dead letters by seq: at most `limit`, above `after`. */
export interface DeadQuery {
  after: number;
  limit: number;
}

/** What an operator can do with the dead letters of a pipeline, whether it runs or not. */
export interface DeadLetters {
  /** Without their items, in the order of seq. */
  list(query: DeadQuery): Promise<readonly DeadSummary[]>;
  /** Undefined if there is no letter of that seq. */
  read(seq: number): Promise<DeadLetter | undefined>;
  /** Puts letters back into the queue. Resolves, when that is durable, to the seqs that have no letter. */
  giveBack(seqs: readonly number[]): Promise<number[]>;
  /**
   * Puts a letter back with another item; a raw record with another text, or other bytes. Rejects with an ItemError if the
   * item cannot be carried.
   */
  giveBackAs(seq: number, item: unknown): Promise<number[]>;
  /** Deletes letters. Resolves as `giveBack` does. */
  purge(seqs: readonly number[]): Promise<number[]>;
}
