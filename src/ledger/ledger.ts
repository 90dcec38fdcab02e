/**
 * The rules that make a transactional sink's commits happen once. They are the same for every database; the differences
 * are in tables.ts.
 *
 * A transaction that writes rows first updates its writer's own row. The update waits for a process that is barring the
 * writer at that moment, and finds the session changed afterwards: so a process that was given up for dead cannot
 * commit items that have been given to its successor.
 *
 * A queue's row is written with the first results of a start, not when the start opens the sink: a queue that is
 * refused before it has written anything leaves no trace, and the right one can take its place.
 *
 * Every method checks first and changes second.
 */
import { configError, MillraceError } from '../core/errors.ts';
import type { Intervals, Interval } from '../core/intervals.ts';
import { Fenced, type PruneRequest, type SinkContext } from '../sinks/port.ts';
import { forgetMore, nothingForgotten, refuseForgotten, refuseUnheardSeqs, type Forgotten } from './forgotten.ts';
import { refuseOlderQueue } from './older-queue.ts';
import type { KnownQueue, LedgerTables } from './tables.ts';

/** Who writes. */
type Who = Pick<SinkContext, 'run' | 'writer' | 'start' | 'isKnown' | 'pipeline' | 'onOtherQueues'>;

/** A writer's view of the ledger, from its registration on. All methods but `ask` are called inside a transaction. */
export class Ledger {
  readonly #tables: LedgerTables;
  readonly #who: Who;
  readonly #session: number;

  private constructor(tables: LedgerTables, who: Who, session: number) {
    this.#tables = tables;
    this.#who = who;
    this.#session = session;
  }

  /**
   * Registers the writer, in a transaction of the caller; a writer that registers again bars its earlier self. Rejects with
   * `Fenced` if it has been barred, with a configuration error (exit 78) if the sink has seen a later state of the queue,
   * or has never seen a run whose results it should have.
   */
  static async register(tables: LedgerTables, who: Who): Promise<Ledger> {
    const { run, writer, start, pipeline, isKnown, onOtherQueues } = who;
    const queue = await tables.queue(start.queue);
    if (queue) {
      refuseOlderQueue(start, queue);
      refuseUnheardSeqs(start, queue, await tables.highest(run));
    }
    if (isKnown && tables.isLasting && !(await tables.knowsRun(run))) throw otherSink(tables.place, run);
    const session = await tables.register(run, writer, start.generation);
    if (session === undefined) throw barred(writer);
    const others = await tables.otherQueues(pipeline, start.queue);
    if (others.length > 0) onOtherQueues(others);
    return new Ledger(tables, who, session);
  }

  /** Rejects with `Fenced` unless this writer may still commit. Comes first in every transaction. */
  async checkSelf(): Promise<void> {
    const { run, writer } = this.#who;
    if (!(await this.#tables.touch(run, writer, this.#session))) throw barred(writer);
  }

  /** Records `items` as done. Rejects if one of them is on record already, or may have been and is forgotten. */
  async record(items: Intervals): Promise<void> {
    const { run } = this.#who;
    const queue = await this.#queue();
    refuseForgotten(queue?.forgotten ?? nothingForgotten, items);
    const overlapping = await this.#tables.overlap(run, items);
    if (overlapping) throw overlap(run, overlapping);
    await this.#save(queue, queue?.forgotten ?? nothingForgotten);
    await this.#tables.insert(run, items);
  }

  /**
   * Bars `writers`, whether they have registered or not. Resolves to the highest seq that is or was on record, 0 if there
   * is none.
   */
  async fence(writers: readonly number[]): Promise<number> {
    const { run, writer, start } = this.#who;
    // Always in the same order, so that two consumers that bar the same writers never wait for each other.
    for (const other of writers.toSorted((a, b) => a - b)) {
      if (other !== writer) await this.#tables.bar(run, other, start.generation);
    }
    return Math.max(await this.#tables.highest(run), (await this.#forgotten()).below - 1);
  }

  /** Which of `from`…`to` are on record. Rejects (exit 78) if one of them may be forgotten. */
  async ask(from: number, to: number): Promise<Interval[]> {
    const found = await this.#tables.within(this.#who.run, from, to);
    // Last, so that it includes what another process has pruned meanwhile.
    refuseForgotten(await this.#forgotten(), [[from, to]]);
    return found;
  }

  /** Forgets rows below `before` that contain none of `open`, and the runs in `drop`. */
  async prune({ before, open, drop }: PruneRequest): Promise<void> {
    const { run } = this.#who;
    if (drop.includes(run)) throw new MillraceError('BUG', `the ledger of run ${run} cannot be dropped while it runs`);
    const queue = await this.#queue();
    await this.#save(queue, forgetMore(queue?.forgotten ?? nothingForgotten, { before, open }));
    let after = -1;
    for (const seq of [...open, before].toSorted((a, b) => a - b)) {
      if (seq > before) break;
      await this.#tables.deleteBetween(run, after, seq);
      after = seq;
    }
    for (const old of drop) await this.#tables.drop(old);
  }

  /** The queue's row. Rejects (exit 78) if a later start of the queue has changed the sink. */
  async #queue(): Promise<KnownQueue | undefined> {
    const { start } = this.#who;
    const queue = await this.#tables.queue(start.queue);
    if (queue) refuseOlderQueue(start, queue);
    return queue;
  }

  /** Records this start as the last one that has changed the sink. */
  async #save(queue: KnownQueue | undefined, forgotten: Forgotten): Promise<void> {
    const { start, pipeline } = this.#who;
    const id = start.ids[0]!;
    if (queue?.id === id && queue.forgotten === forgotten) return;
    const { generation, directory } = start;
    await this.#tables.saveQueue(start.queue, { generation, id, pipeline, directory, forgotten });
  }

  async #forgotten(): Promise<Forgotten> {
    return (await this.#tables.queue(this.#who.start.queue))?.forgotten ?? nothingForgotten;
  }
}

/** The run has results, but they are not in `place`. */
export function otherSink(place: string, run: string): MillraceError {
  return configError(
    'SINK_OTHER',
    `${place} has no record of run ${run}, which has already written results: it is not the database that holds ` +
      'them, or it was emptied or deleted. Restore that database, or start over with --fresh.',
  );
}

function barred(writer: number): Fenced {
  return new Fenced(`writer ${writer} has been barred: another process has taken over its items`);
}

function overlap(run: string, [from, to]: Interval): MillraceError {
  const text = `seqs ${from} to ${to} of run ${run} are already in the ledger, in whole or in part; nothing was written`;
  return new MillraceError('LEDGER_OVERLAP', `${text}. This is a bug in Millrace; please report it.`);
}
