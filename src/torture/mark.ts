/** The mark that is added to each row of a result, to show which call made it. */
import { isPlainObject } from '../sinks/plain-object.ts';
import type { Sink } from '../sinks/port.ts';
import { jsonCells, sqliteCells, tableCell, type Cells } from './canonical.ts';
import { sinkKind, tablesOf } from './sink-kind.ts';

/** The name of the column, of the field in a line of JSON, and of the table that the trigger fills. */
export const markName = 'millrace_torture';

/** The field of a line that says which of several sinks wrote it. */
export const sinkField = 'sink';

/** What a sink makes of a result, and how its rows are marked. */
export interface Marker {
  /** The rows that are expected in the sink for a result. */
  cells: (result: unknown) => Cells[];
  /** The result with marks. `traceOf`: which call made the row of this number, counted from 0 in this result. */
  mark: (result: unknown, traceOf: (row: number) => string) => unknown;
}

/** How results are marked for a sink, which is the one of this number in `to.all`. */
export function markerOf(sink: Sink<unknown>, number: number): Marker {
  const { kind } = sinkKind(sink);
  if (kind === 'unread') return unmarked;
  if (kind === 'lines') return lines(number);
  const { tables, isByTable } = tablesOf(sink);
  return isByTable ? rowsByTable(new Set(tables.map(({ table }) => table))) : rows;
}

const unmarked: Marker = { cells: () => [], mark: (result) => result };

const lines = (number: number): Marker => ({
  cells: (result) => [jsonCells(result)],
  mark: (result, traceOf) => ({ [markName]: traceOf(0), [sinkField]: number, row: result }),
});

// A value that cannot be a row stays unchanged, so that the sink refuses it.
const rows: Marker = {
  cells: (result) => [isRow(result) ? sqliteCells(result) : {}],
  mark: (result, traceOf) => (isRow(result) ? { ...result, [markName]: traceOf(0) } : result),
};

const rowsByTable = (tables: ReadonlySet<string>): Marker => ({
  cells: (result) =>
    Object.entries(isPlainObject(result) ? result : {}).flatMap(([table, given]) =>
      tables.has(table)
        ? listOf(given).map((row) => ({ ...(isRow(row) ? sqliteCells(row) : {}), [tableCell]: table }))
        : [],
    ),
  mark: (result, traceOf) => {
    if (!isPlainObject(result)) return result;
    let number = 0;
    const marked = ([table, given]: [string, unknown]): [string, unknown] => [
      table,
      tables.has(table) ? listOf(given).map((row) => rows.mark(row, () => traceOf(number++))) : given,
    ];
    return Object.fromEntries(Object.entries(result).map(marked));
  },
});

function listOf(given: unknown): readonly unknown[] {
  if (Array.isArray(given)) return given as unknown[];
  return given === undefined || given === null ? [] : [given];
}

function isRow(row: unknown): row is Record<string, unknown> {
  return isPlainObject(row) && Object.keys(row).length > 0;
}
