import type { RunRecord } from './store.ts';

/** The owner of a queue, as the last start recorded it. */
export interface QueueOwner {
  /** The pipeline's name. */
  pipeline: string;
  /** The absolute path of the pipeline's file, as it was given: symbolic links in it are not followed. */
  file: string;
  sinkKind: string;
  sinkTarget: string;
}

/** What an operator declared about an open run, and what that changed. `again`: a new run should follow it. */
export interface Declaration {
  /** Wall-clock time. */
  at: number;
  run: string;
  what: 'moved' | 'same source' | 'again';
  /** Empty if nothing changes. */
  was: string;
  isNow: string;
}

/** What starts have recorded about the queue: who owns it, what operators declared, and which names are secret. */
export interface Claims {
  /** The queue's owner; null if no start has claimed it yet. */
  owner(): QueueOwner | null;
  /** Records the queue's owner and the declarations about `run`, which continues as its record says. */
  claim(owner: QueueOwner, declarations?: readonly Declaration[], run?: RunRecord): void;
  /** What operators declared about runs, oldest first. */
  declarations(): Declaration[];
  /** Records which names are secret, for commands that read the queue while no pipeline runs. */
  noteRedacted(names: readonly string[]): void;
}
