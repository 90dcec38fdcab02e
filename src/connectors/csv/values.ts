/*
 * Converts the text of a field to a value. Each type is exact or refuses: no digit is lost, nothing is guessed. Spaces
 * are part of a value.
 */
import { isDate } from '../../core/date.ts';
import { parseExactJson } from '../../core/exact-json.ts';
import type { CsvType } from './types.ts';

/** Returned in place of a value: the text is not of this type. */
export class Refused {
  /** What was expected, as in `expected …`. */
  readonly expected: string;
  /** What else to say, with parts of the text. */
  readonly shows: string;
  constructor(expected: string, shows = '') {
    this.expected = expected;
    this.shows = shows;
  }
}

export type Convert = (text: string) => unknown;

export const converters: Readonly<Record<CsvType, Convert | undefined>> = {
  integer,
  number,
  boolean,
  date,
  json,
  text: undefined,
};

const aWholeNumber = new Refused('a whole number');
const aSafeNumber = new Refused('a whole number up to 9007199254740991; declare the column as text');
const aNumber = new Refused('a number such as 12, -0.5 or 1e6');
const fewerDigits = new Refused('a number whose digits all fit into 64 bits; declare the column as text');
const aBoolean = new Refused('true, false, yes, no, t, f, y, n, 1 or 0');
const aDate = new Refused('a date such as 2024-02-29');

function integer(text: string): unknown {
  // The addition turns -0 into 0.
  if (plainDigits(text) === 'digits') return Number(text) + 0;
  if (!/^[+-]?\d+$/.test(text)) return aWholeNumber;
  const value = Number(text);
  if (!Number.isSafeInteger(value)) return aSafeNumber;
  return value === 0 ? 0 : value;
}

/**
 * A decimal with at most this many digits always equals what its number prints as. With more digits, we compare the
 * two.
 */
const alwaysExactDigits = 15;
/** Below it, numbers have fewer digits. */
const smallestNormal = 2 ** -1022;

function number(text: string): unknown {
  if (plainDigits(text) !== 'other') return Number(text);
  if (!/^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i.test(text)) return aNumber;
  const value = Number(text);
  if (!Number.isFinite(value)) return fewerDigits;
  const written = significantDigits(text);
  if (written.length <= alwaysExactDigits && Math.abs(value) >= smallestNormal) return value;
  if (written === '') return value;
  if (written.length > 100) return fewerDigits;
  return significantDigits(value.toPrecision(written.length)) === written ? value : fewerDigits;
}

/**
 * Nearly all numbers have few digits, perhaps with a minus and a point. Checking that by hand is quicker than a regular
 * expression, and with so few digits none is lost.
 */
function plainDigits(text: string): 'digits' | 'decimal' | 'other' {
  const { length } = text;
  if (length > alwaysExactDigits) return 'other';
  let digits = 0;
  let points = 0;
  for (let at = text.charCodeAt(0) === minus ? 1 : 0; at < length; at++) {
    const code = text.charCodeAt(at);
    if (code >= zero && code <= nine) digits++;
    else if (code === point) points++;
    else return 'other';
  }
  if (digits === 0 || points > 1) return 'other';
  return points === 0 ? 'digits' : 'decimal';
}

const minus = 0x2d;
const point = 0x2e;
const zero = 0x30;
const nine = 0x39;

/** The digits without sign, point, exponent, and zeros at either end. */
function significantDigits(text: string): string {
  return text.replace(/e.*$/i, '').replaceAll(/[+.-]/g, '').replace(/^0+/, '').replace(/0+$/, '');
}

const booleans: ReadonlyMap<string, boolean> = new Map([
  ...['true', 't', 'yes', 'y', '1'].map((word) => [word, true] as const),
  ...['false', 'f', 'no', 'n', '0'].map((word) => [word, false] as const),
]);

function boolean(text: string): unknown {
  return booleans.get(text) ?? booleans.get(text.toLowerCase()) ?? aBoolean;
}

/** It stays text: a day has no time zone, so it is not a `Date`. */
function date(text: string): unknown {
  return isDate(text) ? text : aDate;
}

function json(text: string): unknown {
  try {
    return parseExactJson(text, 'string');
  } catch (error) {
    return new Refused('JSON', ` (${(error as Error).message})`);
  }
}
