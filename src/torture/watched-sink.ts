/**
 * A sink that writes to a journal what it has committed. Results get their marks on the way to it, because each sink makes
 * other rows of them.
 */
import { Intervals } from '../core/intervals.ts';
import { openJournal, type FinishEntry, type SinkEntry, type Write } from './journal.ts';
import type { Marker } from './mark.ts';
import type { Places } from './places.ts';
import type { Door } from './trap.ts';
import type { Batch, FinishContext, Outcome, Prepared, Sink, SinkContext, SinkWriter } from '../sinks/port.ts';

/** A result on its way to the sinks, with the call that made it. */
export class TracedResult {
  readonly value: unknown;
  readonly #call: string;
  readonly #before: readonly number[];

  /** `call`: `writer.call`. `before`: for each sink, how many of its rows of this call come before this result's. */
  constructor(value: unknown, call: string, before: readonly number[]) {
    this.value = value;
    this.#call = call;
    this.#before = before;
  }

  /** Marks a row in a sink: the call, and the row's number among the rows of this call there. */
  trace(sink: number, row: number): string {
    return `${this.#call}.${this.#before[sink]! + row}`;
  }
}

export interface SinkWatch {
  /** Its number in `to.all`, from 0. */
  number: number;
  marker: Marker;
  places: Places;
  door: Door;
  onOpen: (context: SinkContext) => void;
}

/** Watches `sink`, which takes `TracedResult`s from then on. */
export function watchedSink(sink: Sink<unknown>, watch: SinkWatch): Sink<unknown> {
  const { number, places, onOpen } = watch;
  return {
    ...sink,
    open: async (context) => {
      onOpen(context);
      const writer = await sink.open(context);
      return watchedWriter(writer, watch, openJournal(places.journal, `sink-${number}-${context.writer}`));
    },
    ...(sink.finish && { finish: (context) => finish(sink, context, watch) }),
  };
}

async function finish(sink: Sink<unknown>, context: FinishContext, { number, places, door }: SinkWatch): Promise<void> {
  const write = openJournal<FinishEntry>(places.journal, `finish-${number}-${process.pid}-${process.ppid}`);
  write({ t: 'finish', parts: [...context.parts] });
  door('before finish', number);
  await sink.finish!(context);
  write({ t: 'finished' });
  door('after finish', number);
}

function watchedWriter(
  writer: SinkWriter<unknown>,
  { number, marker, door }: SinkWatch,
  write: Write<SinkEntry>,
): SinkWriter<unknown> {
  const committing = async <T>(batch: Batch, commit: () => Promise<T>): Promise<T> => {
    door('before commit', number);
    const outcome = await commit();
    write(committedEntry(batch, outcome ?? {}));
    door('after commit', number);
    return outcome;
  };
  const prepare = async (batch: Batch): Promise<Prepared> => {
    const prepared = await writer.prepare!(batch);
    return { commit: () => committing(batch, () => prepared.commit()), rollback: () => prepared.rollback() };
  };
  return {
    capture: (row, captured) => {
      const result = row as TracedResult;
      writer.capture(
        marker.mark(result.value, (i) => result.trace(number, i)),
        captured,
      );
    },
    commit: (batch) => committing(batch, () => writer.commit(batch)),
    ...(writer.prepare && { prepare }),
    fence: (writers) => writer.fence(writers),
    ask: (from, to) => writer.ask(from, to),
    prune: (request) => writer.prune(request),
    close: async () => {
      await writer.close();
      write({ t: 'closed' });
    },
  };
}

/** Items that the sink has refused, or wants to be given again, are not in it. */
function committedEntry({ items }: Batch, { refused, again, part }: Outcome): SinkEntry {
  const accepted = Intervals.of(...items);
  for (const seq of [...(refused?.keys() ?? []), ...(again?.keys() ?? [])]) accepted.delete(seq);
  return { t: 'committed', seqs: accepted.toFlat(), ...(part !== undefined && { part }) };
}
