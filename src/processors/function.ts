import type { ProcessContext } from '../pipeline/context.ts';
import { defineProcessor, type Processor } from './port.ts';

/**
 * A `process` function, seen through the port: an open one is the function itself. Consumers do not need it, because
 * a function needs no lease; it is for code that treats all processors alike.
 */
export function functionProcessor<Item, Out>(
  process: (item: Item, context: ProcessContext) => Out | PromiseLike<Out>,
): Processor<Item, Out> {
  return defineProcessor({ kind: 'function', target: process.name, open: () => ({ run: process }) });
}
