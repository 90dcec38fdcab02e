/**
 * The sink of a watched pipeline. A user's SQLite file is not written to: rows go to a new file, into a table without
 * the key (an update would hide a double write) and with a column more, which says what made the row. Beside it a
 * trigger copies what is entered in the ledger, in the same transaction, as the ledger itself is swept.
 */
import { jsonCells, sqliteCells, type Cells } from './canonical.ts';
import type { Places } from './places.ts';
import { isPlainObject } from '../sinks/plain-object.ts';
import type { Sink } from '../sinks/port.ts';
import { sqlite } from '../sinks/sqlite.ts';
import type { SqliteTarget } from '../sinks/sqlite/options.ts';

/** The name of the column, of the field in a line of JSON, and of the table that the trigger fills. */
export const markName = 'millrace_torture';

/** What can be learnt from a sink after the run. */
export type SinkKind =
  /** Each row can be read and traced, and the ledger is known: exactly once can be proved. */
  | 'table'
  /** Each line can be read and traced. */
  | 'lines'
  /** Only what it says of its commits is known. */
  | 'unread';

/** `isOwn`: nothing of the user's is written to by it. */
export function sinkKind({ kind, options }: Sink<unknown>): { kind: SinkKind; isOwn: boolean } {
  if (kind === 'sqlite' && options !== undefined) return { kind: 'table', isOwn: true };
  if (kind === 'ndjson') return { kind: 'lines', isOwn: true };
  return { kind: 'unread', isOwn: kind === 'memory' || kind === 'discard' };
}

/** The table that the results of a SQLite sink are in. */
export function tableOf({ options }: Sink<unknown>): string {
  return (options as SqliteTarget).table;
}

/** The sink to be opened in place of `sink`. */
export function ownSink(sink: Sink<unknown>, places: Places): Sink<unknown> {
  if (sinkKind(sink).kind !== 'table') return sink;
  const { table, columns } = sink.options as SqliteTarget;
  const own = sqlite({
    file: places.database,
    table,
    ...(columns !== undefined && { columns: { ...columns, [markName]: 'TEXT' } }),
  }) as Sink<unknown>;
  return {
    ...own,
    open: async (context) => {
      const writer = await own.open(context);
      // Native code: only a consumer that writes pays for loading it.
      (await import('./databases.ts')).copyLedger(places.database);
      return writer;
    },
  };
}

export interface Marker {
  /** What a row is expected to be in the sink. */
  cells: (row: unknown) => Cells;
  /** The row, with the mark of what made it. */
  mark: (row: unknown, trace: string) => unknown;
}

/** How results are marked for a sink. */
export function markerOf(sink: Sink<unknown>): Marker {
  return markers[sinkKind(sink).kind];
}

const markers: Readonly<Record<SinkKind, Marker>> = {
  table: {
    // What cannot be a row is left as it is, for the sink to refuse.
    cells: (row) => (isRow(row) ? sqliteCells(row) : {}),
    mark: (row, trace) => (isRow(row) ? { ...row, [markName]: trace } : row),
  },
  lines: { cells: jsonCells, mark: (row, trace) => ({ [markName]: trace, row }) },
  unread: { cells: () => ({}), mark: (row) => row },
};

function isRow(row: unknown): row is Record<string, unknown> {
  return isPlainObject(row) && Object.keys(row).length > 0;
}
