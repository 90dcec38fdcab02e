import { configError } from '../../core/errors.ts';
import { isRecord } from '../../core/is-record.ts';
import type { Origin } from './origin.ts';

/** A value as a database returns it: integers are BigInts, so that they are exact. */
export type SqlValue = null | string | number | bigint | Uint8Array;

/** A value as JSON keeps it. */
type KeptValue =
  string | number | { readonly integer: string } | { readonly real: string } | { readonly bytes: string };

/**
 * How far a run has read. Every row has a cursor of its own: the table may have changed when the run resumes, so rows
 * cannot be counted.
 */
export interface SqlCursor extends Origin {
  readonly version: 1;
  /** The values of the columns of the order in the last row; null if there was none. */
  readonly after: readonly KeptValue[] | null;
  /** Once rows whose incremental cursor is NULL are read: the key of the last of these. */
  readonly nulls?: readonly KeptValue[];
}

export function keptValue(value: SqlValue): KeptValue {
  if (typeof value === 'bigint') {
    return Number.isSafeInteger(Number(value)) ? Number(value) : { integer: String(value) };
  }
  if (typeof value === 'number') return Number.isFinite(value) ? value : { real: String(value) };
  if (typeof value === 'string') return value;
  if (value === null) throw new TypeError('NULL has no place in a cursor');
  return { bytes: Buffer.from(value).toString('base64') };
}

export function valueOf(kept: KeptValue): SqlValue {
  // A whole number compares equal to the same number with a fraction of 0.
  if (typeof kept === 'number') return Number.isSafeInteger(kept) ? BigInt(kept) : kept;
  if (typeof kept === 'string') return kept;
  if ('integer' in kept) return BigInt(kept.integer);
  if ('real' in kept) return Number(kept.real);
  return Buffer.from(kept.bytes, 'base64');
}

/** The stored cursor of this run. Throws a configuration error if other rows were read, or in another order. */
export function resumeCursor(cursor: unknown, origin: Origin): SqlCursor | undefined {
  if (cursor === undefined || isCursorOf(cursor, origin)) return cursor;
  const { order } = origin;
  if (hasOrder(cursor, order)) {
    throw configError(
      'CURSOR',
      'expected the table, where or query that this run was begun with, got another one, whose rows would be skipped up to the ' +
        'last key. Put it back, or start over with --fresh.',
    );
  }
  const got = isRecord(cursor) && Array.isArray(cursor['order']) ? cursor['order'].join(', ') : 'another source';
  throw configError(
    'CURSOR',
    `expected a run that reads in the order of ${order.join(', ')}, got one that was begun with ${got}. Put key and ` +
      'incremental.cursor back, or start over with --fresh.',
  );
}

/** Whether a cursor is one of a source that reads the same rows in the same order. */
export function isCursorOf(cursor: unknown, { from, order }: Origin): cursor is SqlCursor {
  return hasOrder(cursor, order) && cursor['from'] === from;
}

/** Whether a cursor is one of a source that reads in this order, of whatever rows. */
export function hasOrder(cursor: unknown, order: readonly string[]): cursor is Record<string, unknown> {
  if (!isRecord(cursor) || cursor['version'] !== 1 || !Array.isArray(cursor['order'])) return false;
  const found: unknown[] = cursor['order'];
  return found.length === order.length && order.every((name, i) => found[i] === name);
}
