import type { Interval, Intervals } from '../../../src/core/intervals.ts';
import type { Row } from './items.ts';

/** Events of a sink, when they happen there. */
export interface SinkWatcher {
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
}
