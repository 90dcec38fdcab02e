/** What a pipeline is made of. The functions' parameters are in context.ts, the options in options.ts. */
import type { Sink } from '../sinks/port.ts';
import type { SourceSpec } from '../sources/port.ts';
import type { ProcessContext, SetupContext, SourceContext } from './context.ts';
import type { Duration, PipelineOptions } from './options.ts';

/**
 * A budget that all processes of the pipeline share: at most `concurrency` calls at a time, at most so many in a period
 * (`rate`: `100/s`, `600/min`, `10/250ms`), or both.
 *
 * `linger` is for a vendor that goes on with a call whose connection was closed: for so long after the exit of a process
 * its permits stay taken. Default: until its calls would have ended, estimated by the longest of the last 100 calls under the
 * limit, at most the call's `timeout`; `0s` gives them back at once. At most 1d.
 */
export type LimitSpec =
  | { readonly concurrency: number; readonly rate?: string | undefined; readonly linger?: Duration | undefined }
  | { readonly concurrency?: number | undefined; readonly rate: string; readonly linger?: undefined };

/** Limits by name. */
export type LimitSpecs = Readonly<Record<string, LimitSpec>>;

/** The names that `limits` declares. */
export type LimitNames<Limits> = Extract<keyof Limits, string>;

/**
 * Where items come from: a connector's specification, anything iterable, or a (generator) function that returns something
 * iterable and is given a SourceContext.
 */
export type Source<Item, Cursor = unknown, LimitName extends string = string> =
  SourceSpec<Item, LimitName> | PlainSource<Item, Cursor, LimitName>;

/** A source without a specification. */
export type PlainSource<Item, Cursor = unknown, LimitName extends string = string> =
  | Iterable<Item>
  | AsyncIterable<Item>
  | ((context: SourceContext<Cursor, LimitName>) => Iterable<Item> | AsyncIterable<Item>);

/** What reaches the sink when `process` returns `Out`: each element of an array, nothing for undefined, null and void. */
export type RowOf<Out> = Exclude<Out extends readonly (infer Element)[] ? Element : Out, undefined | null | void>;

/** The fields that every pipeline has. */
export interface CommonFields<Limits> {
  /** The pipeline's name: small letters, digits and `-`, at most 41 characters, beginning with a letter or a digit. */
  name: string;
  /** Budgets shared by all processes, by name: used by `fetch(url, { limit })` and `limit(name, task)`. */
  limits?: Limits | undefined;
  /** Defaults for this pipeline; flags, environment and config file override them. */
  options?: PipelineOptions | undefined;
  /**
   * Tells one version of the pipeline from another; default: a hash of its file and the files that it imports. A run
   * that was begun by another version is not silently continued.
   */
  version?: string | undefined;
  /** False for a source that may yield different items the next time: nothing is skipped on resume. */
  deterministic?: boolean | undefined;
}

/** A pipeline whose items go to the sink as they are. */
export interface DirectPipeline<Item, Cursor, Limits> extends CommonFields<Limits> {
  source: Source<Item, Cursor, LimitNames<Limits>>;
  setup?: undefined;
  process?: undefined;
  teardown?: undefined;
  /** Where the items go. */
  sink: Sink<Item>;
}

/** A pipeline with a step between source and sink. */
export interface ProcessingPipeline<Item, Out, Resources, Cursor, Limits> extends CommonFields<Limits> {
  /** Where items come from. It runs in the producer. */
  source: Source<Item, Cursor, LimitNames<Limits>>;
  /** Runs once in each consumer, before its first item; what it returns is `context.resources`. */
  setup?: ((context: SetupContext<LimitNames<Limits>>) => Resources | PromiseLike<Resources>) | undefined;
  /**
   * Turns an item into one result, an array of results, or none (undefined). It runs in the consumers. Throwing means
   * that the item is tried again later; see PermanentError, RetryAfter and DependencyError.
   */
  process: (item: Item, context: ProcessContext<Resources, LimitNames<Limits>>) => Out;
  /** Runs once in each consumer at its end, with what `setup` returned. */
  teardown?: ((resources: Resources) => void | PromiseLike<void>) | undefined;
  /** Where the results go. */
  sink: Sink<RowOf<Awaited<Out>>>;
}

/** Marks pipelines, across copies of the package. */
export const pipelineMark = Symbol.for('millrace.pipeline');

/** A pipeline as the processes see it, its types forgotten. Only `definePipeline` makes one. */
export interface Pipeline {
  readonly [pipelineMark]: 1;
  readonly name: string;
  readonly limits?: LimitSpecs | undefined;
  readonly source: Source<unknown>;
  readonly setup?: ((context: SetupContext) => unknown) | undefined;
  readonly process?: ((item: unknown, context: ProcessContext) => unknown) | undefined;
  readonly teardown?: ((resources: unknown) => unknown) | undefined;
  readonly sink: Sink<unknown>;
  readonly options?: PipelineOptions | undefined;
  readonly version?: string | undefined;
  readonly deterministic?: boolean | undefined;
}
