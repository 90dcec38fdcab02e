import { refuseOptions } from '../../sinks/no-options.ts';
import { defineSink, withoutLedger, type Sink } from '../../sinks/port.ts';

/**
 * Results go to the program that calls `run()`, which reads them from `service.results`, at least once: the result that
 * the program was reading when it ended comes again at the next start. A row is any value that an item can be.
 */
export function results(...none: readonly never[]): Sink<unknown> {
  refuseOptions('results', none);
  return defineSink({
    kind: 'results',
    delivery: 'call',
    target: 'the program that calls run()',
    open: async ({ toProgram }) => ({
      ...withoutLedger,
      capture: (row, captured) => void captured.push(toProgram.encode(row)),
      // The supervisor settles them once the program has read them.
      commit: async (batch) => toProgram.send(batch),
      close: async () => {},
    }),
  });
}
