import { errorData, MillraceError } from '../core/errors.ts';
import { Intervals, type Interval } from '../core/intervals.ts';
import { forgetMore, nothingForgotten, refuseForgotten, refuseUnheardSeqs, type Forgotten } from './forgotten.ts';
import { refuseOptions } from './no-options.ts';
import { refuseOlderQueue, type SeenStart } from './older-queue.ts';
import { BadRow, Fenced, sinkMark, type Batch, type Sink, type SinkContext, type SinkWriter } from './port.ts';

/** A sink whose results can be read where it was made. */
export interface MemorySink<Row> extends Sink<Row> {
  /** Everything committed so far, in that order. */
  readonly rows: readonly Row[];
}

/** What a run has left in the store. */
interface RunState {
  readonly ledger: Intervals;
  /** Session by writer. */
  readonly writers: Map<number, number>;
}

/** What a queue has left in the store. */
interface KnownQueue extends SeenStart {
  forgotten: Forgotten;
  readonly pipeline: string;
  readonly directory: string;
}

/** All that is in the store. */
interface Place<Row> {
  readonly rows: Row[];
  readonly runs: Map<string, RunState>;
  readonly queues: Map<string, KnownQueue>;
}

const barredSession = -1;

/**
 * Copies of results (as `structuredClone` makes them) in this process's memory, with ledger and fence, for unit tests and
 * for programs that open it themselves. All writers opened from one specification share its store, as processes share a
 * database. A pipeline file cannot use it: each consumer would have a store of its own, and lose it when it ends.
 */
export function memory<Row = unknown>(...none: readonly never[]): MemorySink<Row> {
  refuseOptions('memory', none);
  const place: Place<Row> = { rows: [], runs: new Map(), queues: new Map() };
  return {
    [sinkMark]: true,
    kind: 'memory',
    delivery: 'transaction',
    target: 'memory',
    rows: place.rows,
    open: async (context) => new MemoryWriter(place, context),
  };
}

/** Every method does its work in one go before it returns: that is its transaction. */
class MemoryWriter<Row> implements SinkWriter<Row, Row> {
  readonly #place: Place<Row>;
  readonly #context: SinkContext;
  readonly #state: RunState;
  readonly #session: number;

  constructor(place: Place<Row>, context: SinkContext) {
    const { run, writer, start, pipeline, onOtherQueues } = context;
    const state: RunState = place.runs.get(run) ?? { ledger: new Intervals(), writers: new Map() };
    const queue = place.queues.get(start.queue);
    if (queue) {
      refuseOlderQueue(start, queue);
      refuseUnheardSeqs(start, queue, state.ledger.last ?? 0);
    }
    const known = state.writers.get(writer);
    if (known === barredSession) throw barred(writer);
    this.#session = (known ?? -1) + 1;
    state.writers.set(writer, this.#session);
    place.runs.set(run, state);
    this.#place = place;
    this.#context = context;
    this.#state = state;
    const others = [...place.queues].filter(([id, other]) => id !== start.queue && other.pipeline === pipeline);
    if (others.length > 0) onOtherQueues(others.map(([id, { directory }]) => ({ queue: id, directory })));
  }

  capture(row: Row, captured: Row[]): void {
    try {
      captured.push(structuredClone(row));
    } catch (error) {
      throw new BadRow(`memory: the row cannot be copied: ${errorData(error).message}`, { cause: error });
    }
  }

  async commit({ captured, seqs }: Batch<Row>): Promise<void> {
    this.#checkSelf();
    const { ledger } = this.#state;
    refuseForgotten(this.#write().forgotten, seqs);
    for (const [from, to] of seqs) {
      const { done } = ledger.within(from, to).next();
      if (done !== true) throw new MillraceError('LEDGER_OVERLAP', `of seqs ${from} to ${to} some are in the ledger`);
    }
    for (const [from, to] of seqs) ledger.add(from, to);
    for (const row of captured) this.#place.rows.push(row);
  }

  async fence(writers: readonly number[]): Promise<number> {
    this.#checkSelf();
    for (const other of writers) if (other !== this.#context.writer) this.#state.writers.set(other, barredSession);
    return Math.max(this.#state.ledger.last ?? 0, this.#forgotten.below - 1);
  }

  async ask(from: number, to: number): Promise<Interval[]> {
    refuseForgotten(this.#forgotten, [[from, to]]);
    return [...this.#state.ledger.within(from, to)];
  }

  async prune(request: { before: number; open: readonly number[]; drop: readonly string[] }): Promise<void> {
    this.#checkSelf();
    const { run } = this.#context;
    if (request.drop.includes(run)) throw new MillraceError('BUG', `run ${run} cannot be dropped while it runs`);
    const queue = this.#write();
    queue.forgotten = forgetMore(queue.forgotten, request);
    for (const [from, to] of Intervals.of(...request.open.map((seq) => [seq, seq] as const)).gaps(
      0,
      request.before - 1,
    )) {
      this.#state.ledger.delete(from, to);
    }
    for (const old of request.drop) this.#place.runs.delete(old);
  }

  async close(): Promise<void> {}

  get #forgotten(): Forgotten {
    return this.#place.queues.get(this.#context.start.queue)?.forgotten ?? nothingForgotten;
  }

  /** Records this start as the last one to change the store, unless a later one already has. */
  #write(): KnownQueue {
    const { start, pipeline } = this.#context;
    const { queue: id, generation, directory } = start;
    const queue = this.#place.queues.get(id);
    if (queue) refuseOlderQueue(start, queue);
    if (queue && queue.id === start.ids[0]) return queue;
    const forgotten = queue?.forgotten ?? nothingForgotten;
    const noted = { generation, id: start.ids[0]!, forgotten, pipeline, directory };
    this.#place.queues.set(id, noted);
    return noted;
  }

  #checkSelf(): void {
    const { run, writer } = this.#context;
    if (this.#place.runs.get(run)?.writers.get(writer) !== this.#session) throw barred(writer);
  }
}

function barred(writer: number): Fenced {
  return new Fenced(`writer ${writer} has been barred: another process has taken over what it was lent`);
}
