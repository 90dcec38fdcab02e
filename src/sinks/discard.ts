import { sinkMark, withoutLedger, type Sink } from './port.ts';

/** Keeps nothing: for pipelines whose `process` does the writing itself, at least once. */
export function discard(): Sink<unknown> {
  return {
    [sinkMark]: true,
    kind: 'discard',
    transactional: false,
    target: 'nowhere',
    open: async () => ({ ...withoutLedger, commit: async () => {}, close: async () => {} }),
  };
}
