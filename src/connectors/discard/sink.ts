import { refuseOptions } from '../../sinks/no-options.ts';
import { defineSink, withoutLedger, type Sink } from '../../sinks/port.ts';

/** Keeps nothing: for pipelines whose `process` does the writing itself, at least once. */
export function discard(...none: readonly never[]): Sink<unknown> {
  refuseOptions('discard', none);
  return defineSink({
    kind: 'discard',
    delivery: 'call',
    target: 'nowhere',
    open: async () => ({
      ...withoutLedger,
      capture: () => undefined,
      commit: async () => {},
      close: async () => {},
    }),
  });
}
