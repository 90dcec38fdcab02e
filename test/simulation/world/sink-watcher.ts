import type { Interval, Intervals } from '../../../src/core/intervals.ts';
import type { Row } from './items.ts';

/** The events of a sink, reported when they happen. */
export interface SinkWatcher {
  /** Of a sink of parts: rows are written to the writer's part. Whether they count depends on the spool. */
  committed: (writer: number, seqs: Intervals, rows: readonly Row[]) => void;
  barred: (writers: readonly number[]) => void;
  /** `by` now knows that `writers` are barred. */
  fenced: (by: number, writers: readonly number[], highest: number) => void;
  /** `by` now knows which seqs of a range the ledger has. */
  asked: (by: number, range: Interval) => void;
  /** `gone` was deleted from the ledger, `left` was not. */
  pruned: (
    request: { before: number; open: readonly number[] },
    gone: readonly Interval[],
    left: readonly Interval[],
  ) => void;
  /** A writer tried to write seqs that the ledger has. */
  overlapped: (writer: number, seqs: Intervals) => void;
  /** The sink's `finish` is called, with the end of each writer's part. */
  finishing: (ends: ReadonlyMap<number, number>) => void;
}
