/** The parts of a pipeline. The contexts of its functions are in context.ts, the options in options.ts. */
import type { AnyProcessor, Processor } from '../processors/port.ts';
import type { Sink } from '../sinks/port.ts';
import type { SourceSpec } from '../sources/port.ts';
import type { ParamsOf, ParamSpecs } from '../values/param.ts';
import type { LimitNames, ProcessContext, SetupContext, SourceContext } from './context.ts';
import type { Duration, PipelineOptions } from './options.ts';

/**
 * A budget that all processes of the pipeline share: at most `concurrency` calls at a time, at most so many in a period
 * (`rate`: `100/s`, `600/min`, `10/250ms`), or both.
 *
 * `linger` is for a vendor that keeps working on a call whose connection was closed: the permits of a process stay
 * taken for this long after the process has exited. Default: until its calls would have ended, estimated by the longest
 * of the last 100 calls under the limit, but at most the call's `timeout`. `0s` releases them at once. At most 1d.
 */
export type LimitSpec =
  | { readonly concurrency: number; readonly rate?: string | undefined; readonly linger?: Duration | undefined }
  | { readonly concurrency?: number | undefined; readonly rate: string; readonly linger?: undefined };

/** Limits by name. */
export type LimitSpecs = Readonly<Record<string, LimitSpec>>;

/** The limits that a source, processor or sink may name. */
export type Declared<Limits> = [keyof Limits] extends [never]
  ? '(this pipeline declares no limits)'
  : LimitNames<Limits>;

// oxlint-disable-next-line typescript/no-explicit-any -- a context that nobody has typed takes anything
type Any = any;

/**
 * Where items come from: what `from.…` makes, anything iterable, or a (generator) function that gets a SourceContext and
 * returns something iterable.
 */
export type Source<Item, Cursor = unknown, Params = Any, Limits = Any> =
  SourceSpec<Item, NoInfer<Declared<Limits>>> | PlainSource<Item, Cursor, Params, Limits>;

/** A source without a specification. */
export type PlainSource<Item, Cursor = unknown, Params = Any, Limits = Any> =
  | Iterable<Item>
  | AsyncIterable<Item>
  | ((context: SourceContext<Cursor, Params, Limits>) => Iterable<Item> | AsyncIterable<Item>);

/** The results of a `process` that returns `Out`: each element of an array; none for undefined, null and void. */
export type RowOf<Out> = Exclude<Out extends readonly (infer Element)[] ? Element : Out, undefined | null | void>;

/** A row with an index signature (of a CSV file whose header is not declared) may have any column. */
export type Open<Row> = Row extends unknown ? (string extends keyof Row ? Any : Row) : never;

/** The properties of a result: a sink with several tables declares all of them. */
export type NamesOf<Row> = Row extends object ? Extract<keyof Row, string> : never;

type SinkOf<Row, Limits> = Sink<Row, NamesOf<Row>, NoInfer<Declared<Limits>>>;

/** The fields that every pipeline has. */
export interface CommonFields<Params, Limits> {
  /**
   * The pipeline's name: lowercase letters, digits and `-`, at most 41 characters, beginning with a letter or a digit.
   */
  name: string;
  /** Values that are given for each run, by name: `{ shelf: param.string({ default: 'all' }) }`. */
  params?: Params | undefined;
  /** Budgets shared by all processes, by name: used by `fetch(url, { limit })` and `limit(name, task)`. */
  limits?: Limits | undefined;
  /** Defaults for this pipeline; flags, environment and config file override them. */
  options?: PipelineOptions | undefined;
  /**
   * Identifies the version of the pipeline. Default: a hash of its file and the files that it imports. A run that began
   * with another version is not continued silently.
   */
  version?: string | undefined;
  /** False for a source that may yield different items the next time: nothing is skipped on resume. */
  deterministic?: boolean | undefined;
}

/** A pipeline whose items go to the sink as they are. */
export interface DirectPipeline<Item, Cursor, Params, Limits> extends CommonFields<Params, Limits> {
  source: Source<Item, Cursor, ParamsOf<Params>, Limits>;
  setup?: undefined;
  process?: undefined;
  teardown?: undefined;
  /** Where items go. */
  sink: SinkOf<Open<Item>, Limits>;
}

/** A pipeline with a step between source and sink. */
export interface ProcessingPipeline<Item, Out, Resources, Cursor, Params, Limits> extends CommonFields<Params, Limits> {
  /** Where items come from. It runs in the producer. */
  source: Source<Item, Cursor, ParamsOf<Params>, Limits>;
  /** Runs once in each consumer, before its first item. Its result is `context.resources`. */
  setup?: ((context: SetupContext<ParamsOf<Params>, Limits>) => Resources | PromiseLike<Resources>) | undefined;
  /**
   * Turns an item into one result, an array of results, or none (undefined): a function, or a processor, such as a
   * program that is kept for each slot. It runs in the consumers. If it throws, the item is retried later; see
   * PermanentError, RetryAfter and DependencyError.
   */
  process:
    | ((item: Item, context: ProcessContext<Resources, ParamsOf<Params>, Limits>) => Out)
    | Processor<Item, Out, NoInfer<Declared<Limits>>>;
  /** Runs once in each consumer at its end, with the result of `setup`. */
  teardown?: ((resources: Resources) => void | PromiseLike<void>) | undefined;
  /** Where results go. */
  sink: SinkOf<Open<RowOf<Awaited<Out>>>, Limits>;
}

/** Marks pipelines, across copies of the package. */
export const pipelineMark = Symbol.for('millrace.pipeline');

/** Only for the compiler: no object has it. */
declare const pipelineTypes: unique symbol;

/**
 * A pipeline as the processes see it. Only `definePipeline` makes one. `Params` are the values of a run's params; `Row`
 * is the type of a result that reaches the sink.
 */
export interface Pipeline<out Params = unknown, out Row = unknown> {
  readonly [pipelineMark]: 1;
  readonly [pipelineTypes]?: { readonly params: Params; readonly row: Row };
  readonly name: string;
  readonly params?: ParamSpecs | undefined;
  readonly limits?: LimitSpecs | undefined;
  readonly source: Source<unknown>;
  readonly setup?: ((context: SetupContext) => unknown) | undefined;
  readonly process?: ((item: unknown, context: ProcessContext) => unknown) | AnyProcessor | undefined;
  readonly teardown?: ((resources: unknown) => unknown) | undefined;
  readonly sink: Sink<unknown>;
  readonly options?: PipelineOptions | undefined;
  readonly version?: string | undefined;
  readonly deterministic?: boolean | undefined;
}
