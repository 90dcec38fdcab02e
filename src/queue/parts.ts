import { Accused } from './blame/accused.ts';
import { Trial } from './blame/trial.ts';
import { Backlog } from './backlog.ts';
import { Letters } from './dead/letters.ts';
import { Histories } from './histories.ts';
import { Line } from './line.ts';
import { OpenFrames } from './open-frames.ts';
import { Pending } from './pending.ts';
import { Retries } from './retries.ts';
import type { RunRecord, Store } from './store.ts';
import { StoredItems } from './stored-items.ts';
import { Tallies } from './tallies.ts';

export interface QueueOptions {
  /** Frames of so many bytes, and the heads of so many retries, are kept in memory; the rest is in the store. */
  windowBytes: number;
  windowRetries?: number;
  /** Whether dead letters that are given back open a finished run again: only where no supervisor runs. Default false. */
  reopens?: boolean;
}

/** What a queue consists of, as one of its sides sees it. */
export interface QueueParts {
  readonly store: Store;
  readonly items: StoredItems;
  readonly pending: Pending;
  readonly tallies: Tallies;
  /** Items that were never lent. */
  readonly line: Line;
  readonly frames: OpenFrames;
  readonly retries: Retries;
  /** Items that came back and are not accused. */
  readonly returned: Backlog;
  readonly accused: Accused;
  readonly trial: Trial;
  readonly histories: Histories;
  readonly letters: Letters;
}

/** The parts of a queue that is kept in `store` and continues `run`. */
export function partsOf(store: Store, run: RunRecord, options: QueueOptions): QueueParts {
  const pending = new Pending(run);
  const tallies = new Tallies(store.totals());
  return {
    store,
    items: new StoredItems(store),
    pending,
    tallies,
    line: new Line(store, { windowBytes: options.windowBytes, storedTo: run.nextSeq - 1 }),
    frames: new OpenFrames(),
    retries: new Retries(store, options.windowRetries),
    returned: new Backlog(),
    accused: new Accused(),
    trial: new Trial((seq) => pending.setTrial(seq)),
    histories: new Histories(run.nextSeq),
    letters: new Letters({ store, pending, tallies }, { reopens: options.reopens ?? false }),
  };
}
