import { configError } from '../core/errors.ts';
import { show } from '../core/show.ts';
import { describeValue } from './describe-value.ts';
import { isPlainObject } from './plain-object.ts';

/** Throws a configuration error if options were passed to a sink that takes none. `name`: the sink's function. */
export function refuseOptions(name: string, given: readonly unknown[]): void {
  const [first] = given.filter((value) => value !== undefined);
  if (first === undefined) return;
  if (!isPlainObject(first)) throw wrong(name, `got ${typeof first === 'string' ? show(first) : describeValue(first)}`);
  const options = Object.keys(first);
  if (options.length > 0) throw wrong(name, `got ${options.join(', ')}`);
}

function wrong(name: string, got: string): Error {
  return configError('SINK_OPTIONS', `to.${name}(): expected no options, ${got}; leave the parentheses empty`);
}
