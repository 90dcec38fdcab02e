import type { Moment } from '../../core/clock.ts';
import { MillraceError } from '../../core/errors.ts';
import { exitCodes } from '../../core/exit-codes.ts';
import { frameBytes, type Frame } from '../../frame/frame.ts';
import type { Pending } from '../pending.ts';
import type { DeadHead, DeadRecord, RetryHead, Store } from '../store.ts';
import type { Tallies } from '../tallies.ts';

interface Parts {
  store: Pick<Store, 'readDeadHeads'>;
  pending: Pending;
  tallies: Tallies;
}

/** Dead letters: items that failed for good leave the queue as letters; operators give them back, or purge them. */
export class Letters {
  readonly #parts: Parts;
  readonly #reopens: boolean;

  /** `reopens`: letters that are given back open a finished run again. */
  constructor({ store, pending, tallies }: Parts, { reopens }: { reopens: boolean }) {
    this.#parts = { store, pending, tallies };
    this.#reopens = reopens;
  }

  /** An item becomes a dead letter. */
  add(
    { seq, origin, attempt, kills }: RetryHead,
    death: Pick<DeadRecord, 'reason' | 'error' | 'isKnownError' | 'diedAt' | 'frame' | 'inSinks'>,
  ): void {
    const { pending } = this.#parts;
    const { run, dead } = pending.run;
    pending.add('dead', { seq, origin, run, attempts: attempt, kills, ...death });
    pending.changeRun({ dead: dead + 1 });
  }

  /**
   * Puts dead letters back into the queue, each under a new seq and with no attempt used; `frame` replaces the item.
   * Returns the seqs that have no letter. Throws when the run is at its end, because no consumer would run them. If
   * `reopens` is set, a finished run continues with them, as a run whose source has ended.
   */
  giveBack(seqs: Iterable<number>, { wall }: Pick<Moment, 'wall'>, frame: Frame | null = null): number[] {
    const { pending, tallies } = this.#parts;
    const { state } = pending.run;
    if (state === 'finishing' || (state === 'finished' && !this.#reopens)) throw afterThisRun();
    return this.#takeOut(seqs, ({ seq: from, origin, run, bytes, error, inSinks = [] }) => {
      const { run: current, nextSeq, stored, dead } = pending.run;
      if (pending.run.state === 'finished') pending.changeRun({ state: 'sealed', finishedAt: null, exitCode: null });
      pending.add('revived', { from, seq: nextSeq, origin, dueAt: wall, error, inSinks, frame });
      tallies.revive(frame ? frameBytes(frame) : bytes);
      // A letter of an earlier run becomes an item of this one.
      const change = run === current ? { dead: dead - 1 } : { stored: stored + 1 };
      pending.changeRun({ nextSeq: nextSeq + 1, ...change });
    });
  }

  /** Deletes dead letters: the run counts them as never stored. Returns the seqs that have no letter. */
  purge(seqs: Iterable<number>): number[] {
    const { pending } = this.#parts;
    return this.#takeOut(seqs, ({ seq, run }) => {
      pending.add('purged', seq);
      const { run: current, stored, dead } = pending.run;
      if (run === current) pending.changeRun({ stored: stored - 1, dead: dead - 1 });
    });
  }

  #takeOut(seqs: Iterable<number>, take: (letter: DeadHead) => void): number[] {
    const { store, pending } = this.#parts;
    const missing: number[] = [];
    const taken = new Set(pending.letters);
    for (const seq of seqs) {
      const [letter] = taken.has(seq) ? [] : store.readDeadHeads({ after: seq - 1, limit: 1 });
      if (letter?.seq === seq) {
        take(letter);
        taken.add(seq);
      } else {
        missing.push(seq);
      }
    }
    return missing;
  }
}

function afterThisRun(): MillraceError {
  return new MillraceError(
    'AFTER_THIS_RUN',
    'all items of this run are settled and it is about to end; retry dead letters after this run',
    { exitCode: exitCodes.gaveUp },
  );
}
