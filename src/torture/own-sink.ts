/**
 * The sink of a watched pipeline. It does not write to the user's SQLite file: rows go to a new file, into a table without
 * the key (an update would hide a double write) and with one more column, which says which call made the row. A trigger
 * copies the entries of the ledger in the same transaction, because the ledger itself is swept.
 */
import { to } from '../connectors/to.ts';
import type { Sink } from '../sinks/port.ts';
import type { SqliteTarget } from '../sinks/sqlite/options.ts';
import { markName } from './mark.ts';
import type { Places } from './places.ts';
import { sinkKind } from './sink-kind.ts';

/** The sink to open instead of `sink`. */
export function ownSink(sink: Sink<unknown>, places: Places): Sink<unknown> {
  if (sinkKind(sink).kind !== 'table') return sink;
  const { table, columns } = (sink.options as SqliteTarget).tables[0]!;
  const own = to.sqlite({
    file: places.database,
    table,
    ...(columns !== undefined && { columns: { ...columns, [markName]: 'TEXT' } }),
  }) as Sink<unknown>;
  return {
    ...own,
    open: async (context) => {
      const writer = await own.open(context);
      // Native code: only consumers, which write, need to load it.
      (await import('./databases.ts')).copyLedger(places.database);
      return writer;
    },
  };
}
