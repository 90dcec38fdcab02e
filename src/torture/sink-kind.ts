import type { Sink } from '../sinks/port.ts';
import type { SqliteTarget } from '../sinks/sqlite/options.ts';

/** What can be learned from a sink after the run. */
export type SinkKind =
  /** Each row can be read and traced, and the ledger is known: exactly once can be proved. */
  | 'table'
  /** Each line can be read and traced. */
  | 'lines'
  /** Only what it reports about its commits is known. */
  | 'unread';

/** `isOwn`: the sink writes to nothing that belongs to the user. */
export function sinkKind({ kind, options }: Sink<unknown>): { kind: SinkKind; isOwn: boolean } {
  // Results that hold rows by table are not traced yet: a user's file is not written to.
  if (kind === 'sqlite' && !(options as SqliteTarget).isByTable) return { kind: 'table', isOwn: true };
  if (kind === 'stdout') return { kind: 'lines', isOwn: true };
  return { kind: 'unread', isOwn: kind === 'discard' };
}

/** The table with the results of a SQLite sink. */
export function tableOf({ options }: Sink<unknown>): string {
  return (options as SqliteTarget).tables[0]!.table;
}
