import { configError } from '../../core/errors.ts';
import { show } from '../../core/show.ts';
import { formatDuration, parseDuration } from '../../core/units.ts';
import type { SqlValue } from './cursor.ts';
import { atLeastInt64 } from '../../core/int64.ts';

const dateTime = /^(\d{4}-\d\d-\d\d)(?:([ T])(\d\d:\d\d)(?::(\d\d)(?:\.(\d+))?)?)?(Z|[+-]\d\d(?::?\d\d)?)?$/;

/** Whether `value` is a date, or a date and time, as text. */
export function isDateTime(value: SqlValue): boolean {
  return typeof value === 'string' && dateTime.test(value);
}

/** Whether `lag` is nothing at all. A number may be in the unit of the cursor, such as half a day, so it is not rounded. */
export function isNoLag(lag: string | number): boolean {
  return typeof lag === 'number' ? lag === 0 : parseDuration(lag) === 0;
}

/**
 * `value` of a cursor, less `lag`. Text keeps its form, but ends with the second at the latest, so that it sorts before
 * every text for the same time: fractions may have any length, and "00:00:30.5Z" sorts before "00:00:30Z". `column`: the
 * cursor, for people. Throws a configuration error if the lag does not fit the value.
 */
export function minusLag(value: SqlValue, lag: string | number, column: string): SqlValue {
  if (typeof value === 'bigint' || typeof value === 'number') return lessNumber(value, lag, column);
  const shown = value instanceof Uint8Array ? 'bytes' : show(value);
  const parts = typeof value === 'string' ? dateTime.exec(value) : null;
  if (parts === null) {
    throw misfit(column, `numbers, or dates and times as text, got ${shown}`);
  }
  const [, date = '', separator, minutes, seconds, fraction = ''] = parts;
  // A leap second counts as the second before it.
  const second = seconds === '60' ? '59' : (seconds ?? '00');
  const start = Date.parse(`${date}T${minutes ?? '00:00'}:${second}.${fraction.slice(0, 3).padEnd(3, '0')}Z`);
  if (Number.isNaN(start)) throw misfit(column, `valid dates, got ${shown}`);
  const moment = new Date(start - parseDuration(lag));
  if (Number.isNaN(moment.getTime()) || moment.getUTCFullYear() < 0) return '0000-01-01';
  const iso = moment.toISOString();
  if (separator === undefined) return iso.slice(0, 10);
  return `${iso.slice(0, 10)}${separator}${iso.slice(11, seconds === undefined ? 16 : 19)}`;
}

function lessNumber(value: bigint | number, lag: string | number, column: string): bigint | number {
  if (typeof lag !== 'number' && lag !== '0') {
    const ms = formatDuration(parseDuration(lag));
    throw configError(
      'SOURCE_OPTIONS',
      `incremental: lag: expected a number in the unit of ${column}, whose last value is ${value}, got the duration ${ms}`,
    );
  }
  const number = Number(lag);
  // Beyond 2^53 a number is not exact, so the result stays an integer, rounded down.
  const isWhole = Number.isInteger(number) || !Number.isSafeInteger(Number(value));
  return typeof value === 'bigint' && isWhole
    ? atLeastInt64(value - BigInt(Math.ceil(number)))
    : Number(value) - number;
}

function misfit(column: string, problem: string): Error {
  return configError('SOURCE_OPTIONS', `incremental: lag: expected the values of ${column} to be ${problem}`);
}
