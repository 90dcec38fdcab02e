/**
 * A pipeline that writes to a journal what happens in it. Items are passed on unchanged. Rows get a mark, so that each row
 * in a sink can be traced to the call of `process` that made it: one more column in a SQLite table (which is not the
 * user's, see own-sink.ts), or an object around each line of JSON.
 */
import { isThenable } from '../core/thenable.ts';
import { digestOf, type Cells } from './canonical.ts';
import { openJournal, type ConsumerEntry, type ProducerEntry, type Write } from './journal.ts';
import { markerOf, type Marker } from './mark.ts';
import { ownSink } from './own-sink.ts';
import type { Places } from './places.ts';
import { eachSink } from './sink-kind.ts';
import { trapDoor, type Door } from './trap.ts';
import { DecodedRecord } from './watched-records.ts';
import { TracedResult, watchedSink } from './watched-sink.ts';
import { watchedSource, watchedSpec } from './watched-source.ts';
import type { Pipeline } from '../pipeline/types.ts';
import type { OpenProcessor } from '../processors/port.ts';
import type { Sink } from '../sinks/port.ts';
import { isSourceSpec } from '../sources/port.ts';

export interface WatchOptions {
  pipeline: Pipeline;
  /** Identifies the version of the pipeline, because the file that runs is not the user's own. */
  version: string;
  places: Places;
}

/** Makes a watched version of `pipeline`. Each process must make its own. */
export function watched({ pipeline, version, places }: WatchOptions): Pipeline {
  const door = trapDoor(places.trap);
  const consumer = new WatchedConsumer(pipeline, places, door);
  const { source } = pipeline;
  const open = (): Write<ProducerEntry> => openJournal(places.journal, `producer-${process.pid}-${process.ppid}`);
  return {
    ...pipeline,
    version,
    source: isSourceSpec(source) ? watchedSpec(source, door, open) : watchedSource(source, door, open),
    process: consumer.process,
    sink: consumer.sink,
  };
}

class WatchedConsumer {
  readonly sink: Sink<unknown>;
  readonly process: NonNullable<Pipeline['process']>;
  readonly #pipeline: Pipeline;
  readonly #door: Door;
  readonly #markers: readonly Marker[];
  #writer = 0;
  #write: Write<ConsumerEntry> = () => undefined;
  #calls = 0;

  constructor(pipeline: Pipeline, places: Places, door: Door) {
    this.#pipeline = pipeline;
    this.#door = door;
    this.process = this.#watchedProcess(pipeline);
    const all = eachSink(pipeline.sink);
    this.#markers = all.map((sink, number) => markerOf(sink, number));
    const sinks = all.map((sink, number) =>
      watchedSink(ownSink(sink, places.database(number)), {
        number,
        marker: this.#markers[number]!,
        places,
        door,
        onOpen: ({ writer }) => this.#begin(writer, places),
      }),
    );
    this.sink = pipeline.sink.sinks ? { ...pipeline.sink, sinks } : sinks[0]!;
  }

  /** It may open several sinks, and each of them again. */
  #begin(writer: number, places: Places): void {
    if (this.#writer === writer) return;
    this.#writer = writer;
    this.#write = openJournal(places.journal, `consumer-${writer}`);
  }

  #watchedProcess({ process }: Pipeline): NonNullable<Pipeline['process']> {
    if (process === undefined) return (item, { seq }) => this.#run(item, seq, (same) => same);
    if (typeof process === 'function')
      return (given, context) => this.#run(given, context.seq, (item) => process(item, context));
    return {
      ...process,
      open: async (context) => {
        const opened = (await process.open(context)) as OpenProcessor<unknown>;
        return {
          run: (given, itemContext) => this.#run(given, itemContext.seq, (item) => opened.run(item, itemContext)),
          get isBroken() {
            return opened.isBroken ?? false;
          },
          close: () => opened.close?.(),
        };
      },
    };
  }

  #run(given: unknown, seq: number, process: (item: unknown) => unknown): unknown {
    const call = ++this.#calls;
    const { item, digest } = given instanceof DecodedRecord ? given : { item: given, digest: digestOf(given) };
    this.#write({ t: 'call', call, seq, digest });
    this.#door('before process');
    const rows = this.#pipeline.process ? rowsOf : (result: unknown) => [result];
    const result = process(item);
    return isThenable(result)
      ? result.then((value) => this.#returned(call, rows(value)))
      : this.#returned(call, rows(result));
  }

  #returned(call: number, results: readonly unknown[]): TracedResult[] {
    const rows: Cells[][] = this.#markers.map(() => []);
    const traced = results.map((result) => {
      const before = rows.map(({ length }) => length);
      for (const [i, { cells }] of this.#markers.entries()) rows[i]!.push(...cells(result));
      return new TracedResult(result, `${this.#writer}.${call}`, before);
    });
    this.#write({ t: 'rows', call, rows });
    this.#door('after process');
    return traced;
  }
}

function rowsOf(result: unknown): unknown[] {
  return (Array.isArray(result) ? (result as unknown[]) : [result]).filter((row) => row !== undefined && row !== null);
}
