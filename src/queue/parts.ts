import { Accused } from './blame/accused.ts';
import { Trial } from './blame/trial.ts';
import { Cursors } from './cursors.ts';
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
  /** How many bytes of frames, and the heads of how many retries, are kept in memory. The rest is in the store. */
  windowBytes: number;
  windowRetries?: number;
  /** Whether giving back dead letters reopens a finished run. Only while no supervisor runs. Default false. */
  reopens?: boolean;
}

/** The parts of a queue. */
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
  readonly cursors: Cursors;
}

/** Makes the parts of a queue that is kept in `store` and continues `run`. */
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
    cursors: new Cursors({ store, pending }, run),
  };
}
