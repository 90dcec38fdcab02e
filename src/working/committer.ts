import { describeError, errorData, type ErrorData } from '../core/errors.ts';
import type { Intervals } from '../core/intervals.ts';
import { Waiters } from '../core/waiters.ts';
import { sinkFailureOf, Unreachable, type Batch, type Outcome, type Prepared } from '../sinks/port.ts';
import { Group } from './group.ts';
import type { OpenSink } from './open-sinks.ts';
import { isBeyondWaiting, patiently, type Patience } from './patience.ts';
import type { Present } from './present.ts';

export interface CommitterOptions {
  /** In the order in which they are written: transactional ones, then those of delivery `call`, then those of `part`. */
  sinks: readonly OpenSink[];
  run: string;
  /**
   * When this signal aborts, the committer gives up: results that are not in the sink stay unsettled, and so their
   * items stay in the queue.
   */
  patience: Patience;
  present: Present;
  /** These items are in all sinks. `parts`: where the parts of this writer end now, by sink; undefined if it has none. */
  onDone: (items: Intervals, parts: Readonly<Record<string, unknown>> | undefined) => void;
  /** A sink will never accept this item's results. `inSinks`: the ids of the sinks that have them nevertheless. */
  onBad: (seq: number, error: ErrorData, inSinks: string[]) => void;
  /** This process must end: it has been barred from a sink, or waiting does not help. */
  onFatal: (error: unknown) => void;
}

/**
 * Commits results in groups: one group is in progress at a time, and results that are completed meanwhile form the next
 * one. A sink that is down is tried again until it is back. Nothing is dropped, and the number of lent items limits how
 * much is gathered. A row that a sink will never accept is found by bisection.
 *
 * With several sinks an item is done when all have it. Transactional sinks are all written before any of them is
 * committed, so that a refused row leaves nothing behind in any of them. Sinks of delivery `call` come after them: a
 * call cannot be taken back, so it is made only after all databases have committed. Sinks of delivery `part` come last:
 * the length of a part is committed together with the items that are done, so it must not hold anything else.
 */
export class Committer {
  readonly #options: CommitterOptions;
  readonly #patience: Patience;
  readonly #transactional: readonly number[];
  readonly #others: readonly number[];
  #gathered: Group;
  #parts: Record<string, unknown> | undefined;
  /** The sink that failed last. */
  #failing: OpenSink | undefined;
  #isRunning = false;
  readonly #waiters = new Waiters();

  constructor(options: CommitterOptions) {
    this.#options = options;
    const { sinks, patience } = options;
    const positions = [...sinks.keys()];
    this.#transactional = positions.filter((i) => sinks[i]!.delivery === 'transaction');
    this.#others = positions.filter((i) => sinks[i]!.delivery !== 'transaction');
    this.#gathered = new Group(sinks.length);
    const name = (reason: string): string => (sinks.length === 1 ? reason : `${this.#failing?.target}: ${reason}`);
    const sinkState: Patience['sinkState'] = {
      set: (reason) => patience.sinkState.set(reason === null ? null : name(reason)),
    };
    this.#patience = { ...patience, sinkState };
  }

  /**
   * Captures the results of an item as they are now; later changes to the objects do not matter. `key`: of an item that was
   * a dead letter.
   */
  add(seq: number, results: readonly unknown[], key?: string): void {
    const { sinks, present, onBad } = this.#options;
    const { captures } = this.#gathered;
    try {
      // By index: this runs for each item.
      for (let i = 0; i < sinks.length; i++) {
        const { id, connection } = sinks[i]!;
        if (!present.isEmpty && present.has(seq, id)) continue;
        const { captured } = captures[i]!;
        for (const result of results) connection.capture(result, captured);
      }
    } catch (error) {
      this.#gathered.close(seq, false);
      onBad(seq, this.#patience.redaction.error(errorData(error)), this.#sinksWith(seq));
      return;
    }
    this.#gathered.close(seq, true, key);
    if (this.#isRunning) return;
    this.#isRunning = true;
    // In a microtask, so that items completed in one tick are committed together.
    queueMicrotask(() => void this.#run());
  }

  /** Resolves when everything that was added is in the sinks (or bad), or given up. */
  idle(): Promise<void> {
    return this.#isRunning ? this.#waiters.next() : Promise.resolve();
  }

  async #run(): Promise<void> {
    while (this.#gathered.count > 0) {
      const group = this.#gathered;
      this.#gathered = new Group(this.#options.sinks.length);
      await this.#commit(group);
    }
    this.#isRunning = false;
    this.#waiters.wake();
  }

  async #commit(group: Group): Promise<void> {
    const { present, onDone, onFatal } = this.#options;
    let rest: Group | undefined = group;
    try {
      if (!(await this.#transact(group))) return;
      for (const i of this.#others) {
        rest = await this.#giveTo(i, rest);
        if (rest === undefined) return;
      }
    } catch (error) {
      if (sinkFailureOf(error) !== 'row') return onFatal(error);
      return await this.#bisect(group, error);
    }
    if (rest.count === 0) return;
    if (!present.isEmpty) for (const seq of rest.seqs) present.forget(seq);
    onDone(rest.items, this.#parts);
  }

  async #bisect(group: Group, error: unknown): Promise<void> {
    // The sink works, and there may be no later row to show it.
    this.#options.patience.sinkState.set(null);
    if (group.count === 1) return this.#refused(group, group.seqs[0]!, error);
    const middle = group.count >> 1;
    await this.#commit(group.slice(0, middle));
    await this.#commit(group.slice(middle, group.count));
  }

  #refused(group: Group, seq: number, error: unknown): void {
    const { onBad } = this.#options;
    onBad(seq, this.#patience.redaction.error(errorData(error)), [...group.isIn, ...this.#sinksWith(seq)]);
  }

  /** The sinks that are known to have the item although the group is not in them. It is forgotten. */
  #sinksWith(seq: number): string[] {
    const { present } = this.#options;
    if (present.isEmpty) return [];
    const sinks = present.sinksWith(seq);
    present.forget(seq);
    return sinks;
  }

  /** Repeats `task` until it is done. False when waiting was given up. */
  async #patiently(task: () => Promise<void>): Promise<boolean> {
    const isFinal = (error: unknown): boolean => sinkFailureOf(error) === 'row' || isBeyondWaiting(error);
    return (await patiently(task, this.#patience, isFinal)).status === 'done';
  }

  // ── transactional sinks ────────────────────────────────────────────────────────────────────────────────────────

  /** Commits the group in all of them. False when waiting was given up. */
  async #transact(group: Group): Promise<boolean> {
    if (this.#transactional.length === 0) return true;
    const { sinks } = this.#options;
    /** The sinks whose last commit may have succeeded although it failed here. */
    const open = new Set<OpenSink>();
    return await this.#patiently(async () => {
      for (const sink of open) if (await this.#isThere(sink, group)) group.isIn.add(sink.id);
      open.clear();
      const missing = this.#transactional
        .filter((i) => !group.isIn.has(sinks[i]!.id))
        .map((i) => ({ sink: sinks[i]!, batch: this.#batchFor(i, group) }))
        .filter(({ batch }) => batch.seqs.length > 0);
      await this.#commitTogether(missing, group, open);
    });
  }

  /** Writes to all, then commits all. The last one does both at once, because nothing can stop it any more. */
  async #commitTogether(
    missing: readonly { sink: OpenSink; batch: Batch }[],
    group: Group,
    open: Set<OpenSink>,
  ): Promise<void> {
    const prepared: { sink: OpenSink; transaction: Prepared }[] = [];
    const committing = async (sink: OpenSink, commit: () => Promise<unknown>): Promise<void> => {
      try {
        await commit();
      } catch (error) {
        if (sinkFailureOf(error) === 'unknown') open.add(sink);
        this.#failing = sink;
        throw error;
      }
      if (this.#options.sinks.length > 1) group.isIn.add(sink.id);
    };
    try {
      for (const { sink, batch } of missing.slice(0, -1)) {
        this.#failing = sink;
        prepared.push({ sink, transaction: await sink.connection.prepare(batch) });
      }
      const last = missing.at(-1);
      if (last) await committing(last.sink, () => last.sink.connection.commit(last.batch));
    } catch (error) {
      for (const { transaction } of prepared) await transaction.rollback().catch(() => undefined); // Nothing was committed.
      throw error;
    }
    const failures: unknown[] = [];
    // Each recovers alone: a failing sink does not prevent the others from committing.
    for (const { sink, transaction } of prepared) {
      await committing(sink, () => transaction.commit()).catch((error: unknown) => failures.push(error));
    }
    if (failures.length === 0) return;
    // A refused row comes last: before the group is halved, it must be known which sinks have it.
    const isRow = (error: unknown): boolean => sinkFailureOf(error) === 'row';
    throw failures.find((error) => isBeyondWaiting(error)) ?? failures.find((error) => !isRow(error)) ?? failures[0];
  }

  /** Whether the group has been committed after all. It is one transaction, so its first item shows it for all. */
  async #isThere(sink: OpenSink, group: Group): Promise<boolean> {
    const first = this.#batchFor(this.#options.sinks.indexOf(sink), group).items.first;
    return first === undefined || (await sink.connection.ask(first, first)).length > 0;
  }

  /** The part of the group that a sink gets: everything that it does not have. */
  #batchFor(i: number, group: Group): Batch {
    const { sinks, run, present } = this.#options;
    const { id } = sinks[i]!;
    const rest = present.isEmpty ? group : group.filter((seq) => !present.has(seq, id));
    return rest.batch(i, run);
  }

  // ── the others ─────────────────────────────────────────────────────────────────────────────────────────────────

  /**
   * Gives the group to a sink without transactions. Resolves to the items that it has now; undefined when waiting was given up,
   * or when the group was halved, because then its halves have been committed.
   */
  async #giveTo(i: number, group: Group): Promise<Group | undefined> {
    const sink = this.#options.sinks[i]!;
    if (group.count === 0 || group.isIn.has(sink.id)) return group;
    const refused = new Set<number>();
    const unrefused = (): Group => (refused.size === 0 ? group : group.filter((seq) => !refused.has(seq)));
    const give = async (): Promise<void> => {
      this.#failing = sink;
      const batch = this.#batchFor(i, unrefused());
      if (batch.seqs.length === 0) return;
      const outcome = (await sink.connection.commit(batch)) ?? {};
      for (const [seq, error] of outcome.refused ?? []) {
        refused.add(seq);
        this.#refused(group, seq, error);
      }
      this.#noteAccepted(sink, batch, outcome);
      if (outcome.part !== undefined) this.#parts = { ...this.#parts, [sink.id]: outcome.part };
      const [again] = outcome.again?.values() ?? [];
      if (outcome.again && outcome.again.size > 0)
        throw new Unreachable(describeError(errorData(again)), { cause: again });
    };
    try {
      if (!(await this.#patiently(give))) return undefined;
    } catch (error) {
      if (sinkFailureOf(error) !== 'row') throw error;
      // Without the items that are already settled.
      await this.#bisect(unrefused(), error);
      return undefined;
    }
    const rest = unrefused();
    rest.isIn.add(sink.id);
    return rest;
  }

  /** If the rest has to be given to the sink again, these items need not be repeated. */
  #noteAccepted(sink: OpenSink, batch: Batch, { refused, again }: Outcome): void {
    if (!again || again.size === 0) return;
    for (const seq of batch.seqs) {
      if (!again.has(seq) && refused?.has(seq) !== true) this.#options.present.add(seq, sink.id);
    }
  }
}
