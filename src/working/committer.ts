import { errorData, type ErrorData } from '../core/errors.ts';
import { Intervals } from '../core/intervals.ts';
import { Waiters } from '../core/waiters.ts';
import { isBadRow, isOutcomeUnknown, type SinkWriter } from '../sinks/port.ts';
import { isBeyondWaiting, patiently, type Patience } from './patience.ts';

export interface CommitterOptions {
  sink: SinkWriter<unknown>;
  /** Its signal, when aborted, makes the committer give up: what is not in the sink stays unsettled, and so in the queue. */
  patience: Patience;
  /** These items are in the sink. */
  onDone: (items: Intervals) => void;
  /** The sink will never take this item's results. */
  onBad: (seq: number, error: ErrorData) => void;
  /** This process must not go on: it has been barred from the sink, or the sink is one that waiting does not mend. */
  onFatal: (error: unknown) => void;
}

/** Results of items, in the order of their completion: what the sink has captured for item i ends at `ends[i]`. */
interface Gathered {
  seqs: number[];
  ends: number[];
  captured: unknown[];
}

/**
 * Commits results in groups: one commit is under way at a time, and what completes meanwhile makes the next group. A
 * sink that is out is tried again until it is back; nothing is dropped, and what is lent bounds what gathers. A row
 * that the sink will never take is found by bisection. Where it is not known whether a group was committed, the ledger
 * is asked before it is committed again (a sink without one gets it again).
 */
export class Committer {
  readonly #options: CommitterOptions;
  #gathered = empty();
  #isRunning = false;
  readonly #waiters = new Waiters();

  constructor(options: CommitterOptions) {
    this.#options = options;
  }

  /** Captures the results of an item as they are now; later changes to the objects do not matter. */
  add(seq: number, results: readonly unknown[]): void {
    const { sink, patience, onBad } = this.#options;
    const { seqs, ends, captured } = this.#gathered;
    const before = captured.length;
    try {
      for (const result of results) sink.capture(result, captured);
    } catch (error) {
      captured.length = before;
      onBad(seq, patience.redaction.error(errorData(error)));
      return;
    }
    seqs.push(seq);
    ends.push(captured.length);
    if (this.#isRunning) return;
    this.#isRunning = true;
    // In a microtask, so that what one tick completes goes together.
    queueMicrotask(() => void this.#run());
  }

  /** Resolves when everything that was added is in the sink (or bad), or given up. */
  idle(): Promise<void> {
    return this.#isRunning ? this.#waiters.next() : Promise.resolve();
  }

  async #run(): Promise<void> {
    while (this.#gathered.seqs.length > 0) {
      const group = this.#gathered;
      this.#gathered = empty();
      await this.#commit(group);
    }
    this.#isRunning = false;
    this.#waiters.wake();
  }

  async #commit(group: Gathered): Promise<void> {
    const { sink, patience, onDone, onFatal } = this.#options;
    const seqs = new Intervals();
    for (const seq of group.seqs) seqs.add(seq);
    let isOutcomeOpen = false;
    const commit = async (): Promise<void> => {
      if (isOutcomeOpen && (await this.#isThere(seqs))) return;
      try {
        await sink.commit({ captured: group.captured, seqs });
      } catch (error) {
        isOutcomeOpen = isOutcomeUnknown(error);
        throw error;
      }
    };
    try {
      const isFinal = (error: unknown): boolean => isBadRow(error) || isBeyondWaiting(error);
      const { status } = await patiently(commit, patience, isFinal);
      if (status === 'done') onDone(seqs);
    } catch (error) {
      if (!isBadRow(error)) return onFatal(error);
      // It answers; and there may be nothing after this row to show it by.
      patience.sinkState.set(null);
      await this.#bisect(group, error);
    }
  }

  /** Whether a batch has been committed after all. One transaction: the first item tells of all. */
  async #isThere(seqs: Intervals): Promise<boolean> {
    const first = seqs.first!;
    return (await this.#options.sink.ask(first, first)).length > 0;
  }

  async #bisect(group: Gathered, error: unknown): Promise<void> {
    const count = group.seqs.length;
    if (count === 1) {
      const { patience, onBad } = this.#options;
      onBad(group.seqs[0]!, patience.redaction.error(errorData(error)));
      return;
    }
    const middle = count >> 1;
    await this.#commit(part(group, 0, middle));
    await this.#commit(part(group, middle, count));
  }
}

function empty(): Gathered {
  return { seqs: [], ends: [], captured: [] };
}

function part({ seqs, ends, captured }: Gathered, from: number, to: number): Gathered {
  const start = from === 0 ? 0 : ends[from - 1]!;
  return {
    seqs: seqs.slice(from, to),
    ends: ends.slice(from, to).map((end) => end - start),
    captured: captured.slice(start, ends[to - 1]),
  };
}
