import type { Sink } from '../sinks/port.ts';
import type { SqliteTarget, TableTarget } from '../connectors/sqlite/options.ts';

/** What can be learned from a sink after the run. */
export type SinkKind =
  /** Each row can be read and traced, and the ledger is known: exactly once can be proved. */
  | 'table'
  /** Each line can be read and traced. */
  | 'lines'
  /** Only what it reports about its commits is known. */
  | 'unread';

/** The sinks that results go to: those of `to.all`, or the only one. */
export function eachSink(sink: Sink<unknown>): readonly Sink<unknown>[] {
  return (sink.sinks as readonly Sink<unknown>[] | undefined) ?? [sink];
}

/** `isOwn`: the sink writes to nothing that belongs to the user. */
export function sinkKind({ kind }: Sink<unknown>): { kind: SinkKind; isOwn: boolean } {
  if (kind === 'sqlite') return { kind: 'table', isOwn: true };
  if (kind === 'stdout') return { kind: 'lines', isOwn: true };
  return { kind: 'unread', isOwn: kind === 'discard' };
}

/** The tables with the results of a SQLite sink. `isByTable`: a result holds rows by table. */
export function tablesOf({ options }: Sink<unknown>): { tables: readonly TableTarget[]; isByTable: boolean } {
  return options as SqliteTarget;
}
