/**
 * Finds what is wrong with a pipeline's fields. A pipeline file may never have been type-checked, so nothing is taken
 * for granted. Pure: the lines of the fields are found elsewhere.
 */
import { isRecord } from '../core/is-record.ts';
import { didYouMean } from '../core/nearest.ts';
import { isProcessor } from '../processors/port.ts';
import { isSink } from '../sinks/port.ts';
import { isSourceSpec } from '../sources/port.ts';
import { type Finding, wrong } from './finding.ts';
import { limitsOf } from './limits-of.ts';
import { isPipelineName } from './name.ts';
import { paramsOf } from './params-of.ts';

type Check = (value: unknown) => Finding[];

const checks: Readonly<Record<string, Check>> = {
  name: (value) =>
    isPipelineName(value)
      ? []
      : wrong(['name'], 'lowercase letters, digits and "-", at most 41 characters, not beginning with "-"', value),
  params: (value) => paramsOf(value).findings,
  limits: (value) => limitsOf(value).findings,
  source: (value) =>
    typeof value === 'function' || isIterable(value) || isSourceSpec(value)
      ? []
      : wrong(['source'], 'a generator function, or an iterable other than text', value),
  setup: optionalFunction('setup'),
  process: (value) =>
    value === undefined || typeof value === 'function' || isProcessor(value)
      ? []
      : wrong(['process'], 'a function or a processor (made by defineProcessor of millrace/port)', value),
  teardown: optionalFunction('teardown'),
  sink: checkSink,
  options: checkOptions,
  version: (value) =>
    value === undefined || (typeof value === 'string' && value !== '') ? [] : wrong(['version'], 'text', value),
  deterministic: (value) =>
    value === undefined || typeof value === 'boolean' ? [] : wrong(['deterministic'], 'true or false', value),
};

/** Everything that is wrong with the fields of `definition`, in the order in which they are usually written. */
export function checkFields(definition: object): Finding[] {
  const known = Object.keys(checks);
  const unknown = Object.keys(definition)
    .filter((field) => !known.includes(field))
    .map((field) => ({ path: [field], message: `a pipeline has no such field${didYouMean(field, known)}` }));
  const fields = definition as Readonly<Record<string, unknown>>;
  return [...known.flatMap((field) => checks[field]!(fields[field])), ...unknown];
}

const memoryIsLost =
  'expected a sink that keeps the results, got to.memory(), which holds them in a consumer and loses them when it ends; ' +
  'use to.sqlite({ … }) or to.stdout(), or to.discard() if you do not need the results';

function checkSink(sink: unknown): Finding[] {
  if (isSink(sink)) {
    const { sinks = [sink] } = sink;
    return sinks.some(({ kind }) => kind === 'memory') ? [{ path: ['sink'], message: memoryIsLost }] : [];
  }
  const isUncalled = typeof sink === 'function';
  return wrong(
    ['sink'],
    'a sink such as to.sqlite({ … })',
    sink,
    isUncalled ? '; call it, for instance to.stdout()' : '',
  );
}

/** The configuration's schema checks their names and values. Here we find values that could not be sent to it. */
export function checkOptions(options: unknown): Finding[] {
  if (options === undefined) return [];
  if (!isRecord(options)) return wrong(['options'], 'options by name, such as { concurrency: 16 }', options);
  return Object.entries(options).flatMap(([name, value]) =>
    value === undefined || [value].flat().every(isPlain)
      ? []
      : wrong(['options', name], 'text, a number or a list of these', value),
  );
}

function isPlain(value: unknown): boolean {
  return typeof value === 'string' || Number.isFinite(value);
}

function optionalFunction(field: string): Check {
  return (value) => (value === undefined || typeof value === 'function' ? [] : wrong([field], 'a function', value));
}

function isIterable(value: unknown): boolean {
  return typeof value === 'object' && value !== null && (Symbol.iterator in value || Symbol.asyncIterator in value);
}
