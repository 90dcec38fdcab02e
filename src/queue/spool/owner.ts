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
