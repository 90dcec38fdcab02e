/** What a round leaves behind, as far as the oracle needs it. */
import type { Cells } from './canonical.ts';
import type { Books, SettledPart } from './databases.ts';
import type { Emission } from './emissions.ts';
import type { SinkKind } from './sink-kind.ts';
import type { Delivery } from '../sinks/port.ts';

/** What a run has left that concerns one of its sinks. */
export interface Evidence {
  /** Which of several sinks this is about, for people; undefined if there is only one. */
  name: string | undefined;
  sink: SinkKind;
  delivery: Delivery;
  isDeterministic: boolean;
  /** How many items the source has, if that is known from elsewhere. */
  sourceItems: number | undefined;
  emissions: Emission[];
  hasSourceEnded: boolean;
  consumers: Consumer[];
  /** The content of the sink; undefined if it cannot be read. */
  rows: FoundRow[] | undefined;
  /** All entries that the ledger ever had, as pairs of first and last seq; undefined if there is no ledger to read. */
  ledger: [number, number][] | undefined;
  /** Where each writer's part ends, according to the queue. */
  parts: SettledPart[];
  /** The calls of the sink's `finish`; undefined if it has none. */
  finishes: Finish[] | undefined;
  dead: Dead[];
  books: Books;
}

/** A consumer process, according to its journal. */
export interface Consumer {
  /** Rises from process to process. */
  writer: number;
  calls: Call[];
  /** Its commits, in order. */
  commits: Commit[];
  hasClosed: boolean;
}

export interface Call {
  call: number;
  seq: number;
  digest: string;
  /** The rows that the sink should have of it; undefined if it did not return. */
  rows: Cells[] | undefined;
}

export interface Commit {
  seqs: number[];
  /** Where the writer's part ended then, as JSON. */
  part?: string;
}

export interface Finish {
  parts: SettledPart[];
  hasReturned: boolean;
}

export interface Dead {
  seq: number;
  digest: string;
  /** Whether the letter says that this sink has the item all the same. */
  isInSink: boolean;
}

export interface FoundRow {
  /** `writer.call.index`; null if it has none. */
  trace: string | null;
  cells: Cells;
}
