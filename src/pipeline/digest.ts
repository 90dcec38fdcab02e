import { createHash } from 'node:crypto';
import { inspect } from 'node:util';

/**
 * A digest that shows whether two processes created a sink with the same options, without revealing the options, which can
 * hold secrets. The order of properties does not matter.
 */
export function digestOf(options: object | undefined): string {
  // Unlike JSON, this also handles cycles and values that are not plain data.
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
