import type { Sink } from '../sinks/port.ts';
import type { SqliteTarget } from '../sinks/sqlite/options.ts';

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
  // Several tables are not traced yet: a user's file is not written to.
  if (kind === 'sqlite' && (options as SqliteTarget).tables.length === 1) return { kind: 'table', isOwn: true };
  if (kind === 'stdout') return { kind: 'lines', isOwn: true };
  return { kind: 'unread', isOwn: kind === 'discard' };
}

/** The table that the results of a SQLite sink are in. */
export function tableOf({ options }: Sink<unknown>): string {
  return (options as SqliteTarget).tables[0]!.table;
}
