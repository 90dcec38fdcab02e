import { show } from '../core/show.ts';
import type { ParamsOf, ParamSpecs } from '../values/param.ts';
import {
  type DirectPipeline,
  type LimitSpecs,
  type Pipeline,
  pipelineMark,
  type ProcessingPipeline,
  type RowOf,
} from './types.ts';

type None = Record<never, never>;

/**
 * Defines a pipeline; a pipeline file exports the result as its default. It runs and checks nothing: the file is
 * checked when it is loaded (`millrace check` shows everything that is wrong, with file and line).
 *
 * Keep the fields in the order name, params, limits, source, setup, process, teardown, sink: TypeScript then infers the
 * types of params, limits, items, resources and results, each from the fields before it. Without `process` the items go
 * to the sink as they are.
 *
 * Throws a TypeError if it is not given an object.
 */
export function definePipeline<
  Item,
  Cursor = unknown,
  const Params extends ParamSpecs = None,
  const Limits extends LimitSpecs = None,
>(definition: DirectPipeline<Item, Cursor, Params, Limits>): Pipeline<ParamsOf<Params>, Item>;
// The full one comes last: its message is the one that TypeScript shows.
export function definePipeline<
  Item,
  Out,
  Resources = undefined,
  Cursor = unknown,
  const Params extends ParamSpecs = None,
  const Limits extends LimitSpecs = None,
>(
  definition: ProcessingPipeline<Item, Out, Resources, Cursor, Params, Limits>,
): Pipeline<ParamsOf<Params>, RowOf<Awaited<Out>>>;
export function definePipeline(definition: object): Pipeline {
  if (typeof definition !== 'object' || definition === null) {
    throw new TypeError(`definePipeline expects an object with name, source and sink, got ${show(definition)}`);
  }
  return { ...(definition as Omit<Pipeline, typeof pipelineMark>), [pipelineMark]: 1 };
}

/** Whether `value` was made by `definePipeline`, of this copy of the package or of another one. */
export function isPipeline(value: unknown): value is Pipeline {
  return typeof value === 'object' && value !== null && pipelineMark in value;
}
