import { join } from 'node:path';

/** Where a round keeps what: all of it in one directory. */
export interface Places {
  readonly directory: string;
  /** The pipeline that is run: the user's, watched. */
  readonly pipeline: string;
  /** Folder of what the watched pipeline's processes write down, one file each. */
  readonly journal: string;
  /** If it is there, the first process that comes to the point named in it dies. */
  readonly trap: string;
  /** The sink in place of the user's, if that is a SQLite file. */
  readonly database: string;
  /** Folder of what was written to standard output, a file for each supervisor. */
  readonly output: string;
  /** Log of all supervisors. */
  readonly log: string;
}

export function placesIn(directory: string): Places {
  return {
    directory,
    pipeline: join(directory, 'pipeline.mjs'),
    journal: join(directory, 'journal'),
    trap: join(directory, 'trap'),
    database: join(directory, 'sink.db'),
    output: join(directory, 'output'),
    log: join(directory, 'log.ndjson'),
  };
}
