/** The options and the result of `run()`. Types only: a pipeline file imports this as well. */
import type { Status } from '../observability/status.ts';
import type { PipelineOptions } from '../pipeline/options.ts';
import type { Pipeline } from '../pipeline/types.ts';

/** A line of the service's log. */
export interface LogLine {
  /** Wall-clock milliseconds since 1970. */
  readonly time: number;
  readonly level: 'error' | 'warn' | 'info' | 'debug';
  readonly message: string;
  /** The event that the line is about, for programs: `item.dead`, `child.exited`. */
  readonly event: string;
  /** The process that the line is about. */
  readonly role: 'supervisor' | 'producer' | 'consumer';
  /** 1…N for consumers, else 0. */
  readonly ordinal: number;
  readonly pid: number | undefined;
  /** Without secrets. */
  readonly fields: Readonly<Record<string, unknown>>;
}

/** The params of a pipeline that the program does not know. */
export type AnyParams = Readonly<Record<string, unknown>>;

/** The params of a pipeline, for `run<typeof pipeline>(…)`. */
export type ParamsOfPipeline<P> = P extends Pipeline<infer Params> ? Params : AnyParams;

/** What reaches the sink of a pipeline, for `run<typeof pipeline>(…)`. */
export type RowsOfPipeline<P> = P extends Pipeline<unknown, infer Row> ? Row : unknown;

/**
 * The options of `run()`: all options of a pipeline, which here override the environment, the config file and the
 * pipeline file, and some more.
 */
export interface RunOptions<Params = AnyParams> extends PipelineOptions {
  /** Values for the pipeline's params, by name. Those that are left out come from the environment, the config file or the run. */
  readonly params?: Partial<Params> | undefined;
  /** Directory for the queue. Default `.millrace/NAME` in the current directory. */
  readonly state?: string | undefined;
  /** Directory that holds one state directory per pipeline, by name. `state` overrides it. */
  readonly stateRoot?: string | undefined;
  /** A YAML file of options. */
  readonly config?: string | undefined;
  /** Stops the service cleanly when it aborts, as `stop` does. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Whether `results` come in the order of the items; an item that waits for a retry then holds up those after it.
   * Default false: in the order in which items are done.
   */
  readonly ordered?: boolean | undefined;
  /** Starts over: archives the old queue. Default false. */
  readonly fresh?: boolean | undefined;
  /** Starts a new run if the last one is finished; an open run is finished first. Default false. */
  readonly again?: boolean | undefined;
  /** Declares that the queue belongs to this pipeline, under another name, path or sink. Default false. */
  readonly moved?: boolean | undefined;
  /** Declares that the changed pipeline yields the same items in the same order. Default false. */
  readonly sameSource?: boolean | undefined;
  /** Gets each line of the log. Without it nothing is logged. Errors that it throws are ignored. */
  readonly log?: ((line: LogLine) => void) | undefined;
  /** The least severe level that `log` gets. Default info. */
  readonly logLevel?: LogLine['level'] | undefined;
}

/** How a service ended. */
export interface RunSummary {
  /** `finished`: the run is complete. `stopped`: it was stopped, and the next start resumes it. */
  readonly state: 'finished' | 'stopped';
  /** The run's id; undefined if the service was stopped before it had opened its queue. */
  readonly run: string | undefined;
  /** Items that the source has yielded in this run, over all its starts. */
  readonly stored: number;
  /** Items whose results are in the sink. */
  readonly done: number;
  /** Items that are dead letters. */
  readonly dead: number;
  /**
   * The exit code that `millrace run` would have: 0; 3 if there are dead letters; 75 if items had to be aborted to
   * stop.
   */
  readonly exitCode: number;
}

/** A pipeline that runs in child processes of this program. */
export interface Service<Row = unknown> {
  /**
   * Its state; undefined until the pipeline file is loaded and the queue is open. After the end, the last status
   * remains.
   */
  readonly status: Status | undefined;
  /**
   * The results of a pipeline whose sink is `to.results()`, at least once. Read by one `for await` at a time. An item
   * is settled when the loop asks for another result after the item's last one. While the loop reads nothing, the
   * service holds at most some megabytes of results, and then waits. A loop that has been left settles nothing more:
   * the service waits, and the next loop begins with the item at which the last loop stopped. Ends when the service has
   * ended; throws the error that ended it.
   */
  readonly results: AsyncIterable<Row>;
  /**
   * Settles when the service has ended and all its processes are gone. Resolves when the run is finished or was stopped;
   * rejects with an error that has `code` and `exitCode` as `millrace run` would show it.
   */
  readonly done: Promise<RunSummary>;
  /**
   * Stops cleanly: started items are finished, the others stay in the queue. Calling it again changes nothing. Resolves
   * when the service has ended in any way; `done` says how.
   */
  readonly stop: () => Promise<void>;
  /** Lends no more items and pauses the producer until `resume`. Running items are finished. */
  readonly pause: (reason?: string) => void;
  readonly resume: () => void;
  /**
   * Loads the pipeline file again and replaces the consumers one by one, without stopping. Resolves to how many were
   * replaced; rejects, and keeps the consumers that have not been replaced, if the run cannot continue with the file.
   */
  readonly reload: () => Promise<{ readonly replaced: number }>;
}
