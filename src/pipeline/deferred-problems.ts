import { MillraceError } from '../core/errors.ts';
import { ownPlace } from '../core/stack.ts';
import type { Problem } from '../ipc/messages.ts';
import { defineSink, type Sink } from '../sinks/port.ts';

export interface Deferred {
  /** The exports that the pipeline file gets instead of the real ones. */
  millrace: object;
  /** The problems with options of sources and sinks so far. */
  problems: (file: string) => Problem[];
}

type Make = (...args: unknown[]) => unknown;

/**
 * A source or sink with wrong options throws where it is created, in the middle of the pipeline, and the rest of the
 * file would not be checked. So while a file is loaded, such a call returns a source or sink that cannot be opened, and
 * its problems are reported with all others.
 */
export function deferProblems(millrace: object): Deferred {
  const thrown: MillraceError[] = [];
  const deferring =
    (make: Make): Make =>
    (...args) => {
      try {
        return make(...args);
      } catch (error) {
        const standIn = error instanceof MillraceError ? standIns[error.code] : undefined;
        if (standIn === undefined) throw error;
        thrown.push(error as MillraceError);
        return standIn(error as MillraceError);
      }
    };
  const exports = Object.entries(millrace).map(([name, value]: [string, unknown]) => {
    if (typeof value !== 'object' || value === null) return [name, value];
    // `from` and `to`: objects whose functions make sources and sinks.
    const made = Object.entries(value).map(([kind, make]: [string, unknown]) => {
      return [kind, typeof make === 'function' ? deferring(make as Make) : make];
    });
    return [name, Object.fromEntries(made)];
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

const standIns: Readonly<Record<string, (error: MillraceError) => unknown>> = {
  SINK_OPTIONS: (error): Sink<unknown> => {
    const open = async (): Promise<never> => {
      throw error;
    };
    return defineSink({ kind: 'wrong', delivery: 'call', target: '', open });
  },
  SOURCE_OPTIONS: (error) => () => {
    throw error;
  },
};
