/** The contexts that the functions of a pipeline get. */
import type { Text } from '../values/text.ts';
import type { Duration } from './options.ts';

/** For contexts whose author did not name the params and limits of the pipeline: any name is accepted. */
// oxlint-disable-next-line typescript/no-explicit-any -- `unknown` would take nothing
type Any = any;

/** The names that `limits` declares. */
export type LimitNames<Limits> = Extract<keyof Limits, string>;

/** Writes to the service's log. `fields` are shown as `key=value`, or as fields of a JSON line. */
export interface Log {
  readonly debug: (message: string, fields?: Readonly<Record<string, unknown>>) => void;
  readonly info: (message: string, fields?: Readonly<Record<string, unknown>>) => void;
  readonly warn: (message: string, fields?: Readonly<Record<string, unknown>>) => void;
  readonly error: (message: string, fields?: Readonly<Record<string, unknown>>) => void;
}

/** The options of the platform's `fetch`, and three more. */
export interface FetchOptions<LimitName extends string = string> extends Omit<RequestInit, 'headers'> {
  /** Values may be texts with secrets: `` { authorization: text`Bearer ${secret('API_TOKEN')}` } ``. */
  headers?: RequestInit['headers'] | Readonly<Record<string, Text>> | undefined;
  /**
   * The limit for each request of this call; a redirect or a repeated request counts separately. The permit is held
   * until the response's body has been read or cancelled.
   */
  limit?: LimitName | undefined;
  /** How often a request is repeated after 429, 503, or, if its method allows it, another 5xx or a lost connection. Default 4. */
  retries?: number | undefined;
  /**
   * Time limit for each request, from its permit to the end of the response's body: milliseconds, or text such as
   * `30s`. Time spent waiting for permits, or between repeated requests, does not count. Default: the rest of the
   * item's time.
   */
  timeout?: Duration | undefined;
}

// Taken from a method, so that a function whose author wrote `context: ProcessContext`, without params and limits, fits a
// pipeline that has some: parameters of methods are compared both ways.
/** The platform's `fetch`, under a limit. Responses with status 4xx and 5xx are returned, not thrown. */
export type Fetch<Limits = Any> = {
  call(input: string | URL | Request, options?: FetchOptions<LimitNames<Limits>>): Promise<Response>;
}['call'];

/** Runs `task` under a permit of the limit `name`; settles as `task` does. */
export type UnderLimit<Limits = Any> = {
  call<Result>(name: LimitNames<Limits>, task: () => Result | PromiseLike<Result>): Promise<Result>;
}['call'];

interface CallingContext<Params, Limits> {
  /** The values of the pipeline's params in this run. */
  readonly params: Params;
  readonly fetch: Fetch<Limits>;
  readonly limit: UnderLimit<Limits>;
  /**
   * Aborts when the work is no longer wanted. For an item: at its timeout, or when it is still running near the end of
   * `stopTimeout`. For the source: when the service is stopped.
   */
  readonly signal: AbortSignal;
  readonly log: Log;
}

/** The context of `source`, which runs in the producer. */
export interface SourceContext<Cursor = unknown, Params = Any, Limits = Any> extends CallingContext<Params, Limits> {
  /** The last cursor that was stored, from which to resume; undefined at the start of a run. */
  readonly cursor: Cursor | undefined;
  /**
   * The final cursor of the last finished run with the same params and the same source, for a source that reads only
   * what is new since then. It does not change during a run. Undefined if no run has finished, or none of them reported
   * a cursor.
   */
  readonly previous: Cursor | undefined;
  /**
   * Declares that `cursor` covers everything yielded so far: after a stop the source is started with the last cursor
   * whose items are stored. `cursor` is kept as JSON, of at most 1 MiB.
   */
  readonly checkpoint: {
    call(cursor: Cursor): void;
  }['call'];
  /** The id of the run. */
  readonly run: string;
}

/** The context of `process`, which runs in a consumer. */
export interface ProcessContext<Resources = unknown, Params = Any, Limits = Any> extends CallingContext<
  Params,
  Limits
> {
  /** 1 for the first attempt. */
  readonly attempt: number;
  /** The item's number in its run: rising, never reused. */
  readonly seq: number;
  /**
   * Made from the run and the item's first seq. It is the same in every attempt of this item, also after it was a dead
   * letter. For receivers that ignore repeated requests.
   */
  readonly key: string;
  /** What `setup` returned. */
  readonly resources: Resources;
}

/** The context of `setup`, which runs once in each consumer, before its first item. */
export interface SetupContext<Params = Any, Limits = Any> extends CallingContext<Params, Limits> {
  /** Which consumer this is: 1…N. Its successor after a crash has the same number. */
  readonly ordinal: number;
}
