/** What a pipeline file imports from 'millrace'. Nothing heavy: it is loaded in every process, and by users' own tests. */
export { definePipeline } from './pipeline/define.ts';
export { DependencyError, PermanentError, RetryAfter } from './core/errors.ts';
export { from } from './connectors/from.ts';
export { to } from './connectors/to.ts';

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
export type { MemorySink } from './sinks/memory.ts';
export type { Sink } from './sinks/port.ts';
export type { SqliteOptions, SqlValue } from './sinks/sqlite.ts';
