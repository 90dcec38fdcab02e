import { createHash } from 'node:crypto';
import { inspect } from 'node:util';

/**
 * Tells whether two processes have made a sink with the same options, without saying what those are: they can hold
 * secrets. The order of properties does not matter.
 */
export function digestOf(options: object | undefined): string {
  // Unlike JSON it also writes what is not plain data, and cycles.
  const text = inspect(options, {
    sorted: true,
    depth: Infinity,
    maxArrayLength: Infinity,
    maxStringLength: Infinity,
    customInspect: false,
    breakLength: Infinity,
  });
  return createHash('sha256').update(text).digest('hex');
}
