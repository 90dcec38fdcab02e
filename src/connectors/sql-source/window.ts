import { configError } from '../../core/errors.ts';
import { show } from '../../core/show.ts';
import { type SqlCursor, type SqlValue, valueOf } from './cursor.ts';
import { isInt64 } from '../../core/int64.ts';
import { isNoLag, minusLag } from './lag.ts';
import type { Incremental } from './options.ts';

/** The rows that a run reads, by the column that incremental reading follows. */
export interface Window {
  /** The value is at least each of these. */
  readonly atLeast: readonly SqlValue[];
  /** The value is lower than this. */
  readonly below?: SqlValue | undefined;
  /** The row comes after the row with these values. */
  readonly after?: readonly SqlValue[] | undefined;
}

/** Everything. */
export const wholeTable: Window = { atLeast: [] };

/** What limits the rows of every run. */
interface Bounds extends Pick<Incremental, 'lag'> {
  /** The cursor, for people. */
  readonly column: string;
  /** With params filled in. */
  readonly start: SqlValue | undefined;
  readonly end: SqlValue | undefined;
}

/** `previous`: where the last finished run ended. */
export function windowOf({ column, lag, start, end }: Bounds, previous: SqlCursor | undefined): Window {
  const atLeast = start === undefined ? [] : [start];
  const last = previous?.after?.map(valueOf);
  if (last === undefined) return { atLeast, below: end };
  if (isNoLag(lag)) return { atLeast, below: end, after: last };
  return { atLeast: [...atLeast, minusLag(last[0]!, lag, column)], below: end };
}

/**
 * A bound as a value that databases compare with values like `example` as expected: a param is text, and text that looks
 * like a number becomes one if the values are numbers. Throws a configuration error if they cannot be compared.
 * `column`: the cursor, for people.
 */
export function fittingBound(option: string, bound: SqlValue, example: SqlValue | undefined, column: string): SqlValue {
  if (example === undefined || kindOf(bound) === kindOf(example)) return bound;
  if (typeof bound === 'string' && kindOf(example) === 'a number' && /^-?\d+(\.\d+)?$/.test(bound)) {
    if (bound.includes('.')) return Number(bound);
    const integer = BigInt(bound);
    if (isInt64(integer)) return integer;
    throw configError(
      'SOURCE_OPTIONS',
      `incremental: ${option}: expected an integer from -2^63 to 2^63 - 1 for ${column}, got ${shown(bound)}`,
    );
  }
  throw configError(
    'SOURCE_OPTIONS',
    `incremental: ${option}: expected ${kindOf(example)}, because ${column} has values such as ${shown(example)}, got ${shown(bound)}`,
  );
}

function kindOf(value: SqlValue): string {
  if (typeof value === 'string') return 'text';
  return typeof value === 'number' || typeof value === 'bigint' ? 'a number' : 'bytes';
}

function shown(value: SqlValue): string {
  return value instanceof Uint8Array ? 'bytes' : show(value);
}
