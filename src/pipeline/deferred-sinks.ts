import { MillraceError } from '../core/errors.ts';
import { ownPlace } from '../core/stack.ts';
import type { Problem } from '../ipc/messages.ts';
import { sinkMark, type Sink } from '../sinks/port.ts';

export interface DeferredSinks {
  /** What the file imports instead of the real sinks. */
  millrace: object;
  /** The problems with options of sinks so far. */
  problems: (file: string) => Problem[];
}

/**
 * A sink with wrong options throws where it is created, in the middle of the pipeline, and nothing after it would be
 * checked. So while a file is loaded, such a sink becomes one that cannot be opened, and its problems are reported with all
 * others.
 */
export function deferSinkProblems(millrace: object): DeferredSinks {
  const thrown: MillraceError[] = [];
  const deferring =
    (make: (...args: unknown[]) => unknown) =>
    (...args: unknown[]): unknown => {
      try {
        return make(...args);
      } catch (error) {
        if (!(error instanceof MillraceError) || error.code !== 'SINK_OPTIONS') throw error;
        thrown.push(error);
        return unopenable(error);
      }
    };
  const exports = Object.entries(millrace).map(([name, value]: [string, unknown]) => {
    // Classes are called with `new` and must keep their identity.
    const isFunction = typeof value === 'function' && /^[a-z]/.test(name);
    return [name, isFunction ? deferring(value as (...args: unknown[]) => unknown) : value];
  });
  return {
    millrace: Object.fromEntries(exports) as object,
    problems: (file) =>
      thrown.flatMap(({ message, stack }) => {
        const place = ownPlace(stack) ?? { file };
        return message.split('\n').map((line) => ({ ...place, message: line }));
      }),
  };
}

function unopenable(error: MillraceError): Sink<unknown> {
  const open = async (): Promise<never> => {
    throw error;
  };
  return { [sinkMark]: true, kind: 'wrong', transactional: false, target: '', open };
}
