import { parseDuration } from '../../core/units.ts';
import { expected, Fields } from '../fields.ts';
import type { PollFields } from './fields.ts';

/** The checked options of `from.poll`. */
export interface PollSettings {
  readonly everyMs: number;
  /** Written by a user: it may return anything. */
  readonly read: (...context: Parameters<PollFields<unknown, unknown>['read']>) => unknown;
}

/** Throws a configuration error that names everything that is wrong. */
export function pollSettings(options: unknown): PollSettings {
  const fields = new Fields('from.poll', options);
  const settings = {
    everyMs: fields.required('every', 0, interval),
    read: fields.required<PollSettings['read']>('read', () => [], aFunction),
  };
  fields.done();
  return settings;
}

function interval(value: unknown): number {
  const ms = parseDuration(value);
  if (ms < 1) throw expected('at least 1ms', value);
  return ms;
}

function aFunction(value: unknown): PollSettings['read'] {
  if (typeof value !== 'function') throw expected('a function that polls once', value);
  return value as PollSettings['read'];
}
