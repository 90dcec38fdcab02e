/** Whose queue a spool is, as the last start recorded it. */
export interface QueueOwner {
  /** The pipeline's name. */
  pipeline: string;
  /** The pipeline's file, absolute, by the path that was given: a symbolic link in it is not followed. */
  file: string;
  sinkKind: string;
  sinkTarget: string;
}

/** What an operator declared about an open run, and what changed by it. `again`: a new run is to follow it. */
export interface Declaration {
  /** Wall-clock time. */
  at: number;
  run: string;
  what: 'moved' | 'same source' | 'again';
  /** Empty for what changes nothing. */
  was: string;
  isNow: string;
}
