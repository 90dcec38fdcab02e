/**
 * The exports of 'millrace'. Nothing heavy, because pipeline files import it in every process, and so do users' own
 * tests.
 */
export { definePipeline } from './pipeline/define.ts';
export { DependencyError, PermanentError, RetryAfter } from './core/errors.ts';
export { from } from './connectors/from.ts';
export { to } from './connectors/to.ts';
export { run } from './service/run.ts';
export { param } from './values/param.ts';
export { secret } from './values/secret.ts';
export { text } from './values/text.ts';

export type {
  Fetch,
  FetchOptions,
  Log,
  ProcessContext,
  SetupContext,
  SourceContext,
  UnderLimit,
} from './pipeline/context.ts';
export type { ByteSize, Duration, PipelineOptions } from './pipeline/options.ts';
export type { LimitSpec, LimitSpecs, Pipeline, RowOf, Source } from './pipeline/types.ts';
export type { ParamOptions, ParamSpec, ParamSpecs, ParamsOf } from './values/param.ts';
export type { Secret } from './values/secret.ts';
export type { Template, Text } from './values/text.ts';
export type { MemorySink } from './connectors/memory/sink.ts';
export type { LogLine, RunOptions, RunSummary, Service } from './service/types.ts';
export type { Processor } from './processors/port.ts';
export type { Sink } from './sinks/port.ts';
export type { SqliteOptions, SqlValue } from './connectors/sqlite/sink.ts';
export type { SqliteSourceOptions } from './connectors/sqlite/source.ts';
