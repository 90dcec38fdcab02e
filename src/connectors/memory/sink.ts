import { refuseOptions } from '../../sinks/no-options.ts';
import { defineSink, type Sink } from '../../sinks/port.ts';
import type { Place } from './writer.ts';

/** A sink whose results can be read by the code that made it. */
export interface MemorySink<Row> extends Sink<Row> {
  /** Everything committed so far, in the order of the commits. */
  readonly rows: readonly Row[];
}

/**
 * Copies of results (as `structuredClone` makes them) in this process's memory, with ledger and fence, for unit tests and
 * for programs that open it themselves. All writers opened from one specification share its store, as processes share a
 * database. A pipeline file cannot use it: each consumer would have a store of its own, and lose it when it ends.
 */
export function memory<Row = unknown>(...none: readonly never[]): MemorySink<Row> {
  refuseOptions('memory', none);
  const place: Place<Row> = { rows: [], tables: new Map(), last: Promise.resolve() };
  const sink = defineSink<Row>({
    kind: 'memory',
    delivery: 'transaction',
    target: 'memory',
    // Loaded late, because every pipeline imports this file and none uses the sink.
    open: async (context) => (await import('./writer.ts')).openWriter(place, context),
  });
  return { ...sink, rows: place.rows };
}
