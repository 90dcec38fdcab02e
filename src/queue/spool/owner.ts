/** Whose queue a spool is, as the last start recorded it. */
export interface QueueOwner {
  /** The pipeline's name. */
  pipeline: string;
  /** The pipeline's file, absolute, by the path that was given: a symbolic link in it is not followed. */
  file: string;
  sinkKind: string;
  sinkTarget: string;
}

/** What an operator declared about an open run, and the change. `again`: a new run should follow it. */
export interface Declaration {
  /** Wall-clock time. */
  at: number;
  run: string;
  what: 'moved' | 'same source' | 'again';
  /** Empty if nothing changes. */
  was: string;
  isNow: string;
}
