import { configError, type MillraceError } from '../core/errors.ts';
import type { Interval } from '../core/intervals.ts';
import type { QueueStart } from '../core/queue-start.ts';
import type { SeenStart } from './older-queue.ts';

/**
 * What a ledger may have forgotten about a queue, over all its runs: every seq below `below` that is not in `kept`.
 *
 * A queue announces these seqs as settled only after that is on its disk, and a settled seq is never open again. So the
 * queue itself never asks about one of them, however late and in whatever order its sweeps arrive. An older copy of the
 * queue, in which they are still open, does.
 */
export interface Forgotten {
  readonly below: number;
  /** Seqs below `below`, rising. */
  readonly kept: readonly number[];
}

export const nothingForgotten: Forgotten = { below: 0, kept: [] };

/** `forgotten`, plus what a sweep below `before` that spares `open` may forget. */
export function forgetMore(
  forgotten: Forgotten,
  { before, open }: { before: number; open: readonly number[] },
): Forgotten {
  const [earlier, spared] = [new Set(forgotten.kept), new Set(open)];
  const below = Math.max(forgotten.below, before);
  const kept = [...new Set([...earlier, ...spared])].filter(
    (seq) => seq < below && (seq >= forgotten.below || earlier.has(seq)) && (seq >= before || spared.has(seq)),
  );
  return { below, kept: kept.toSorted((a, b) => a - b) };
}

/** Throws a configuration error (exit 78) if the ledger may have forgotten one of `seqs`: only an older copy of the queue has it open. */
export function refuseForgotten({ below, kept }: Forgotten, seqs: Iterable<Interval>): void {
  for (const [from, to] of seqs) {
    const last = Math.min(to, below - 1);
    let next = from;
    for (const seq of kept) if (seq === next) next += 1;
    if (next <= last) throw olderCopy(`item ${next} is open in this queue, but the sink has recorded it as settled`);
  }
}

/**
 * Throws a configuration error (exit 78) if the sink knows of seqs that this queue had not assigned when it was next
 * started after `seen`, the start that wrote to the sink last. (By now it may have assigned them to other items.)
 * `highest` is the highest one in the ledger, 0 for none.
 */
export function refuseUnheardSeqs(
  start: QueueStart,
  seen: SeenStart & { forgotten: Forgotten },
  highest: number,
): void {
  const next = Math.min(start.generation - seen.generation, start.ids.length) - 1;
  // The ledger can have any seq of the current start.
  if (next < 0) return;
  const { below } = seen.forgotten;
  const [givenBelow, nextSeq] = [start.givenBelow[next]!, start.nextSeq[next]!];
  if (below > givenBelow) throw olderCopy(unheard(below - 1, givenBelow));
  if (highest >= nextSeq) throw olderCopy(unheard(highest, nextSeq));
}

function unheard(last: number, givenBelow: number): string {
  return `the sink has items up to number ${last}, but this queue had numbered only ${givenBelow - 1}`;
}

function olderCopy(what: string): MillraceError {
  return configError(
    'SINK_NEWER',
    `this queue is an older copy of the one that wrote to the sink: ${what}. Its items would be written twice, so nothing was ` +
      'processed. It was probably restored from a copy, such as a snapshot of the disk: put the newest queue back, or restore the ' +
      'queue and the sink as of the same moment, or start over with --fresh.',
  );
}
