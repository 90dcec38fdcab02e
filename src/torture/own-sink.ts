/**
 * The sink of a watched pipeline. It does not write to the user's SQLite file: rows go to a new file, into tables without
 * the key (an update would hide a double write) and with one more column, which says which call made the row. A trigger
 * copies the entries of the ledger in the same transaction, because the ledger itself is swept.
 */
import { to } from '../connectors/to.ts';
import type { Sink } from '../sinks/port.ts';
import { markName } from './mark.ts';
import { sinkKind, tablesOf } from './sink-kind.ts';

/** The sink to open instead of `sink`. `file`: the new file. */
export function ownSink(sink: Sink<unknown>, file: string): Sink<unknown> {
  if (sinkKind(sink).kind !== 'table') return sink;
  const own = ownTables(sink, file);
  return {
    ...own,
    // Of to.all, which gives its sinks different ids. Dead letters name sinks by them.
    ...(sink.id !== undefined && { id: sink.id }),
    open: async (context) => {
      const writer = await own.open(context);
      // Native code: only consumers, which write, need to load it.
      (await import('./databases.ts')).copyLedger(file);
      return writer;
    },
  };
}

function ownTables(sink: Sink<unknown>, file: string): Sink<unknown> {
  const { tables, isByTable } = tablesOf(sink);
  const own = tables.map(({ table, columns }) => ({
    table,
    ...(columns !== undefined && { columns: { ...columns, [markName]: 'TEXT' } }),
  }));
  if (!isByTable) return to.sqlite({ file, ...own[0]! }) as Sink<unknown>;
  const byName = Object.fromEntries(own.map(({ table, ...rest }) => [table, rest]));
  return to.sqlite({ file, tables: byName }) as Sink<unknown>;
}
