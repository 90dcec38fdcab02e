import type { Interval, Intervals } from '../../../src/core/intervals.ts';
import type { Row } from './items.ts';

/** What is heard of a sink, when it happens there. */
export interface SinkWatcher {
  committed: (writer: number, seqs: Intervals, rows: readonly Row[]) => void;
  barred: (writers: readonly number[]) => void;
  /** `by` knows now that `writers` are barred. */
  fenced: (by: number, writers: readonly number[], highest: number) => void;
  /** `by` knows now what the ledger has of a range. */
  asked: (by: number, range: Interval) => void;
  /** `gone` was deleted from the ledger, `left` was not. */
  pruned: (
    request: { before: number; open: readonly number[] },
    gone: readonly Interval[],
    left: readonly Interval[],
  ) => void;
  /** A writer tried to write what the ledger has. */
  overlapped: (writer: number, seqs: Intervals) => void;
}
