import { configError } from '../core/errors.ts';
import { show } from '../core/show.ts';
import { isThenable } from '../core/thenable.ts';

export type SourceIterator = Iterator<unknown> | AsyncIterator<unknown>;

/** Throws for a value that is not iterable. */
export function iteratorOf(source: unknown): SourceIterator {
  // Object(…), because a source may be text, and `in` needs an object.
  if (Symbol.asyncIterator in Object(source)) return (source as AsyncIterable<unknown>)[Symbol.asyncIterator]();
  if (Symbol.iterator in Object(source)) return (source as Iterable<unknown>)[Symbol.iterator]();
  const got = isThenable(source) ? 'a promise (was `async function` meant to be `async function*`?)' : show(source);
  throw configError('SOURCE', `source: expected something iterable (a generator, an array, a stream…), got ${got}`);
}

/** Asks the source of an iterator that is read no further to clean up, and does not wait for it. */
export function cleanUp(iterator: SourceIterator | undefined): void {
  const end = async (): Promise<void> => {
    await iterator?.return?.();
  };
  end().catch(() => undefined); // It is not read any more, so its failure does not matter.
}

/** Throws if `step` is not an iterator result. */
export function isDone(step: IteratorResult<unknown>): boolean {
  if (typeof step === 'object' && step !== null) return step.done === true;
  throw configError('SOURCE', `source: expected { value, done } from its iterator, got ${show(step)}`);
}

export function isPromise(
  step: IteratorResult<unknown> | Promise<IteratorResult<unknown>>,
): step is Promise<IteratorResult<unknown>> {
  return isThenable(step);
}
