import { join } from 'node:path';

/** The places where a round keeps its files, all in one directory. */
export interface Places {
  readonly directory: string;
  /** The pipeline file that runs: it watches the user's pipeline. */
  readonly pipeline: string;
  /** The directory of the journals of the watched pipeline's processes, one file each. */
  readonly journal: string;
  /** If this file exists, the first process that reaches the point named in it dies. */
  readonly trap: string;
  /** The file that replaces the user's, if the sink of this number is a SQLite file. */
  readonly database: (sink: number) => string;
  /** The directory of the standard output, one file for each supervisor. */
  readonly output: string;
  /** The log of all supervisors. */
  readonly log: string;
}

export function placesIn(directory: string): Places {
  return {
    directory,
    pipeline: join(directory, 'pipeline.mjs'),
    journal: join(directory, 'journal'),
    trap: join(directory, 'trap'),
    database: (sink) => join(directory, `sink-${sink + 1}.db`),
    output: join(directory, 'output'),
    log: join(directory, 'log.ndjson'),
  };
}
