/**
 * What `import … from 'millrace/port'` gives in a process that runs a pipeline: everything but the contract suites,
 * which only tests need. It is the engine's own code and not another copy of it, so a connector's errors are instances
 * of the engine's classes.
 */
export { configError, DependencyError, MillraceError, PermanentError, RetryAfter } from '../core/errors.ts';
export { pause, systemClock } from '../core/clock.ts';
export { Ledger } from '../ledger/ledger.ts';
export { defineProcessor } from '../processors/port.ts';
export {
  BadRow,
  defineSink,
  Fenced,
  OutcomeUnknown,
  sinkFailureOf,
  Unreachable,
  withoutLedger,
} from '../sinks/port.ts';
export { defineSource, oversizedBytes, RecordError } from '../sources/port.ts';
