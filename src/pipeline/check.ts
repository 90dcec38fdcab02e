/**
 * What is wrong with a pipeline's fields. Pipelines come from files that nobody may have type-checked, so nothing is
 * taken for granted. Pure: where in the file a field stands is found out elsewhere.
 */
import { didYouMean } from '../core/nearest.ts';
import { show } from '../core/show.ts';
import { parseRate } from '../core/units.ts';
import { sinkMark } from '../sinks/port.ts';

/** A field, as the names that lead to it (`['limits', 'vendor', 'rate']`), and what is wrong with it. */
export interface Finding {
  path: readonly string[];
  message: string;
}

type Check = (value: unknown) => Finding[];

const slug = /^[a-z0-9][a-z0-9-]{0,40}$/;

const checks: Readonly<Record<string, Check>> = {
  name: (value) =>
    typeof value === 'string' && slug.test(value)
      ? []
      : wrong(['name'], 'small letters, digits and "-", at most 41 of them, not beginning with "-"', value),
  limits: checkLimits,
  source: (value) =>
    typeof value === 'function' || isIterable(value)
      ? []
      : wrong(['source'], 'a generator function, or something iterable but text', value),
  setup: optionalFunction('setup'),
  process: optionalFunction('process'),
  teardown: optionalFunction('teardown'),
  sink: checkSink,
  options: checkOptions,
  version: (value) =>
    value === undefined || (typeof value === 'string' && value !== '') ? [] : wrong(['version'], 'text', value),
  deterministic: (value) =>
    value === undefined || typeof value === 'boolean' ? [] : wrong(['deterministic'], 'true or false', value),
};

/** All that is wrong with the fields of `definition`, in the order in which they are usually written. */
export function checkFields(definition: object): Finding[] {
  const known = Object.keys(checks);
  const unknown = Object.keys(definition)
    .filter((field) => !known.includes(field))
    .map((field) => ({ path: [field], message: `a pipeline has no such field${didYouMean(field, known)}` }));
  const fields = definition as Readonly<Record<string, unknown>>;
  return [...known.flatMap((field) => checks[field]!(fields[field])), ...unknown];
}

function checkLimits(limits: unknown): Finding[] {
  if (limits === undefined) return [];
  if (!isRecord(limits)) return wrong(['limits'], 'limits by name, such as { vendor: { concurrency: 10 } }', limits);
  return Object.entries(limits).flatMap(([name, limit]) => [...checkLimitName(name), ...checkLimit(name, limit)]);
}

function checkLimitName(name: string): Finding[] {
  const path = ['limits', name];
  if (name.startsWith('sink:')) {
    return [{ path, message: 'names that begin with "sink:" are reserved for sinks; choose another' }];
  }
  // It is shown in logs and tables.
  return /^[^\p{C}\s]{1,64}$/u.test(name) ? [] : wrong(path, 'a name of 1 to 64 characters without spaces', name);
}

function checkLimit(name: string, limit: unknown): Finding[] {
  const path = ['limits', name];
  const known = ['concurrency', 'rate'];
  if (!isRecord(limit)) return wrong(path, 'a concurrency, a rate, or both', limit);
  const { concurrency, rate } = limit;
  const findings: Finding[] = Object.keys(limit)
    .filter((field) => !known.includes(field))
    .map((field) => ({ path: [...path, field], message: `a limit has no such field${didYouMean(field, known)}` }));
  if (concurrency !== undefined && !(Number.isSafeInteger(concurrency) && Number(concurrency) >= 1)) {
    findings.push(...wrong([...path, 'concurrency'], 'a whole number from 1', concurrency));
  }
  if (rate !== undefined) findings.push(...checkRate([...path, 'rate'], rate));
  if (concurrency === undefined && rate === undefined && findings.length === 0) {
    findings.push({ path, message: 'expected a concurrency, a rate, or both, got neither' });
  }
  return findings;
}

function checkRate(path: string[], rate: unknown): Finding[] {
  try {
    parseRate(rate);
    return [];
  } catch (error) {
    return [{ path, message: (error as Error).message }];
  }
}

function checkSink(sink: unknown): Finding[] {
  if (typeof sink === 'object' && sink !== null && sinkMark in sink) return [];
  const isUncalled = typeof sink === 'function';
  return wrong(['sink'], 'a sink such as sqlite({ … })', sink, isUncalled ? '; call it, for instance memory()' : '');
}

/** Their names and values are checked against the configuration's schema; what could not be sent to it is found here. */
function checkOptions(options: unknown): Finding[] {
  if (options === undefined) return [];
  if (!isRecord(options)) return wrong(['options'], 'options by name, such as { concurrency: 16 }', options);
  return Object.entries(options).flatMap(([name, value]) =>
    value === undefined || typeof value === 'string' || Number.isFinite(value)
      ? []
      : wrong(['options', name], 'text or a number', value),
  );
}

function optionalFunction(field: string): Check {
  return (value) => (value === undefined || typeof value === 'function' ? [] : wrong([field], 'a function', value));
}

function wrong(path: readonly string[], expected: string, value: unknown, hint = ''): Finding[] {
  return [{ path, message: `expected ${expected}, got ${show(value)}${hint}` }];
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isIterable(value: unknown): boolean {
  return typeof value === 'object' && value !== null && (Symbol.iterator in value || Symbol.asyncIterator in value);
}
