/**
 * The exports of 'millrace/port': for those who write a source or a sink of their own. Connectors import it in every
 * process, so it holds nothing heavy. docs/architecture.md says how to add a connector.
 */
export { defineSource, oversizedBytes, RecordError } from './sources/port.ts';
export { sourceContract } from './sources/contract.ts';
export { BadRow, defineSink, Fenced, OutcomeUnknown, sinkFailureOf, Unreachable, withoutLedger } from './sinks/port.ts';
export { sinkContract } from './sinks/contract.ts';
export { Ledger } from './ledger/ledger.ts';
export { configError, DependencyError, MillraceError, PermanentError, RetryAfter } from './core/errors.ts';
export { pause, systemClock } from './core/clock.ts';

export type {
  CheckContext,
  Chunk,
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
export type { Interval, Intervals } from './core/intervals.ts';
export type { QueueStart } from './core/queue-start.ts';
export type { Text } from './values/text.ts';
