import { MillraceError } from '../core/errors.ts';
import { Intervals, type Interval } from '../core/intervals.ts';
import type { QueueStart } from '../core/queue-start.ts';
import { refuseOlderQueue, type SeenStart } from './older-queue.ts';
import { Fenced, sinkMark, type Batch, type Sink, type SinkContext, type SinkWriter } from './port.ts';

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

const barredSession = -1;

/**
 * Results in this process's memory, with ledger and fence, for tests, examples and trials. All writers opened from one
 * specification share its store, as processes share a database; in a pipeline that means that each consumer has a
 * store of its own, which goes with it.
 */
export function memory<Row = unknown>(): MemorySink<Row> {
  const rows: Row[] = [];
  const runs = new Map<string, RunState>();
  const starts = new Map<string, SeenStart>();
  return {
    [sinkMark]: true,
    kind: 'memory',
    transactional: true,
    target: 'memory',
    rows,
    open: async (context) => {
      noteStart(starts, context.start);
      return new MemoryWriter(rows, runs, context);
    },
  };
}

/** Every method does its work in one go before it returns: that is its transaction. */
class MemoryWriter<Row> implements SinkWriter<Row> {
  readonly #rows: Row[];
  readonly #runs: Map<string, RunState>;
  readonly #context: SinkContext;
  readonly #state: RunState;
  readonly #session: number;

  constructor(rows: Row[], runs: Map<string, RunState>, context: SinkContext) {
    const { run, writer } = context;
    const state: RunState = runs.get(run) ?? { ledger: new Intervals(), writers: new Map() };
    const known = state.writers.get(writer);
    if (known === barredSession) throw barred(writer);
    this.#session = (known ?? -1) + 1;
    state.writers.set(writer, this.#session);
    runs.set(run, state);
    this.#rows = rows;
    this.#runs = runs;
    this.#context = context;
    this.#state = state;
  }

  async commit({ rows, seqs }: Batch<Row>): Promise<void> {
    this.#checkSelf();
    const { ledger } = this.#state;
    for (const [from, to] of seqs) {
      const { done } = ledger.within(from, to).next();
      if (done !== true) throw new MillraceError('LEDGER_OVERLAP', `of seqs ${from} to ${to} some are in the ledger`);
    }
    for (const [from, to] of seqs) ledger.add(from, to);
    for (const row of rows) this.#rows.push(row);
  }

  async fence(writers: readonly number[]): Promise<number> {
    this.#checkSelf();
    for (const other of writers) if (other !== this.#context.writer) this.#state.writers.set(other, barredSession);
    return this.#state.ledger.last ?? 0;
  }

  async ask(from: number, to: number): Promise<Interval[]> {
    return [...this.#state.ledger.within(from, to)];
  }

  async prune(request: { before: number; open: readonly number[]; drop: readonly string[] }): Promise<void> {
    this.#checkSelf();
    const { run } = this.#context;
    if (request.drop.includes(run)) throw new MillraceError('BUG', `run ${run} cannot be dropped while it runs`);
    for (const [from, to] of Intervals.of(...request.open.map((seq) => [seq, seq] as const)).gaps(
      0,
      request.before - 1,
    )) {
      this.#state.ledger.delete(from, to);
    }
    for (const old of request.drop) this.#runs.delete(old);
  }

  async close(): Promise<void> {}

  #checkSelf(): void {
    const { run, writer } = this.#context;
    if (this.#runs.get(run)?.writers.get(writer) !== this.#session) throw barred(writer);
  }
}

/** Makes this start the one that has opened the sink last, unless that was one that this queue has never had. */
function noteStart(starts: Map<string, SeenStart>, start: QueueStart): void {
  const seen = starts.get(start.queue);
  if (seen) refuseOlderQueue(start, seen);
  starts.set(start.queue, { generation: start.generation, id: start.ids[0]! });
}

function barred(writer: number): Fenced {
  return new Fenced(`writer ${writer} has been barred: another process has taken over what it was lent`);
}
