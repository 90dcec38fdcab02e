/** Params as plain data: how a pipeline declares them, and how a given value is read. */
import { isDate } from './date.ts';
import { show } from './show.ts';

export type ParamValue = string | number | boolean;

/** The values of a run's params, by name. An optional param without a value is left out. */
export type ParamValues = Readonly<Record<string, ParamValue>>;

export const paramTypes = ['string', 'number', 'integer', 'boolean', 'date', 'oneOf'] as const;
export type ParamType = (typeof paramTypes)[number];

/** A param as a pipeline declares it, without its name. */
export interface ParamDescription {
  type: ParamType;
  /** The values of `oneOf`. */
  values?: readonly string[];
  default?: ParamValue;
  optional?: true;
  /** One line for people. */
  describe?: string;
}

/** The value, or a problem that says what was expected and what came. */
export type ReadParam = { status: 'read'; value: ParamValue } | { status: 'wrong'; message: string };

/**
 * Reads a value. `isText`: it comes from a flag or a variable, where everything is text; elsewhere "5" is not a number.
 */
export function readParam(description: ParamDescription, value: unknown, { isText }: { isText: boolean }): ReadParam {
  const read = isText ? fromText(description, String(value)) : value;
  if (fits(description, read)) return { status: 'read', value: read };
  return { status: 'wrong', message: `expected ${expectedBy(description)}, got ${show(value)}` };
}

/** What a param accepts, for people. */
export function expectedBy({ type, values = [] }: ParamDescription): string {
  if (type === 'oneOf') return values.length === 1 ? String(values[0]) : `one of ${values.join(', ')}`;
  return { string: 'text', number: 'a number', integer: 'a whole number', boolean: 'true or false', date: 'a date such as 2026-12-31' }[type]; // prettier-ignore
}

function fromText({ type }: ParamDescription, text: string): unknown {
  if (type === 'boolean') return text === 'true' ? true : text === 'false' ? false : text;
  if (type === 'integer' || type === 'number')
    return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : text;
  return text;
}

function fits({ type, values = [] }: ParamDescription, value: unknown): value is ParamValue {
  switch (type) {
    case 'string':
      return typeof value === 'string';
    case 'number':
      return Number.isFinite(value);
    case 'integer':
      return Number.isSafeInteger(value);
    case 'boolean':
      return typeof value === 'boolean';
    case 'date':
      return typeof value === 'string' && isDate(value);
    case 'oneOf':
      return typeof value === 'string' && values.includes(value);
  }
}

/** A value that was given for a run, and where: `--param shelf`, `MILLRACE_PARAM_SHELF`, `millrace.yaml:3`. */
export interface GivenParam {
  value: ParamValue;
  place: string;
}

export type GivenParams = ReadonlyMap<string, GivenParam>;
