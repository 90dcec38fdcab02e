/** The mark that is added to each result, to show which call made it. */
import { isPlainObject } from '../sinks/plain-object.ts';
import type { Sink } from '../sinks/port.ts';
import { jsonCells, sqliteCells, type Cells } from './canonical.ts';
import { sinkKind, type SinkKind } from './sink-kind.ts';

/** The name of the column, of the field in a line of JSON, and of the table that the trigger fills. */
export const markName = 'millrace_torture';

export interface Marker {
  /** The row that is expected in the sink. */
  cells: (row: unknown) => Cells;
  /** The row with the mark of the call that made it. */
  mark: (row: unknown, trace: string) => unknown;
}

/** How results are marked for a sink. */
export function markerOf(sink: Sink<unknown>): Marker {
  return markers[sinkKind(sink).kind];
}

const markers: Readonly<Record<SinkKind, Marker>> = {
  table: {
    // A value that cannot be a row stays unchanged, so that the sink refuses it; null would count as no result.
    cells: (row) => (isRow(row) ? sqliteCells(row) : {}),
    mark: (row, trace) => (isRow(row) ? { ...row, [markName]: trace } : (row ?? String(row))),
  },
  lines: { cells: jsonCells, mark: (row, trace) => ({ [markName]: trace, row }) },
  unread: { cells: () => ({}), mark: (row) => row },
};

function isRow(row: unknown): row is Record<string, unknown> {
  return isPlainObject(row) && Object.keys(row).length > 0;
}
