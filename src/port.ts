/**
 * The exports of 'millrace/port', for writing a source, a processor or a sink outside the package. docs/architecture.md says how to add a
 * connector.
 */
export * from './pipeline/port.ts';
export { sourceContract } from './sources/contract.ts';
export { processorContract } from './processors/contract.ts';
export { sinkContract } from './sinks/contract.ts';

export type {
  CheckContext,
  Chunk,
  DecoderContext,
  DecoderOf,
  ItemChunk,
  Meta,
  OpenContext,
  OpenSource,
  Place,
  RecordChunk,
  RecordDecoder,
  RecordRun,
  Resumes,
  SourceSpec,
} from './sources/port.ts';
export type { SourceCase, SourceFeatures, SourceUnderTest } from './sources/contract.ts';
export type { OpenProcessor, Processor, ProcessorCheckContext, SlotContext } from './processors/port.ts';
export type { ProcessorCase, ProcessorFeatures, ProcessorUnderTest } from './processors/contract.ts';
export type {
  Batch,
  Delivery,
  FinishContext,
  OtherQueue,
  Outcome,
  Prepared,
  PruneRequest,
  Sink,
  SinkContext,
  SinkFailure,
  SinkWriter,
} from './sinks/port.ts';
export type { ContractCase as SinkCase, SinkUnderTest } from './sinks/contract.ts';
export type { KnownQueue, LedgerTables } from './ledger/tables.ts';
export type { Cancel, Clock, Moment } from './core/clock.ts';
export type { ColumnProblem, ColumnType, KnownColumns } from './core/known-columns.ts';
export type { Interval, Intervals } from './core/intervals.ts';
export type { QueueStart } from './core/queue-start.ts';
export type { ProcessContext } from './pipeline/context.ts';
export type { Text } from './values/text.ts';
