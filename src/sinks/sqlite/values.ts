import { isAnyArrayBuffer, isDate } from 'node:util/types';
import { errorData } from '../../core/errors.ts';
import { isWellFormed } from '../../core/well-formed.ts';
import { BadRow } from '../port.ts';
import { describeValue } from '../describe-value.ts';
import { jsonText } from '../json-text.ts';

/** What better-sqlite3 can bind. */
export type Bound = string | number | bigint | Uint8Array | null;

/** A column of the sink's table. */
export interface Column {
  readonly name: string;
  /** How messages call it. */
  readonly label: string;
  readonly isKey: boolean;
  /** Whether whole numbers are to be bound as integers there, see `storesAsGiven`. */
  readonly asIntegers: boolean;
}

/**
 * True of a declared type that has SQLite store a value as it was bound, or as its text. better-sqlite3 binds every
 * number as a floating-point one, so that in such a column 5 would become 5.0; with the other types SQLite itself
 * makes an integer of it (https://sqlite.org/datatype3.html#determination_of_column_affinity).
 */
export function storesAsGiven(declaredType: string): boolean {
  const type = declaredType.toUpperCase();
  if (type.includes('INT')) return false;
  return type === '' || type === 'ANY' || /CHAR|CLOB|TEXT|BLOB/.test(type);
}

/** The type that a column made for `value` gets. */
export function typeFor(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'number') return Number.isSafeInteger(value) ? 'INTEGER' : 'REAL';
  if (typeof value === 'bigint' || typeof value === 'boolean') return 'INTEGER';
  return typeof value === 'object' && isBytes(value) ? 'BLOB' : 'TEXT';
}

/**
 * `value` as SQLite stores it, or a BadRow that names the column. Never alters a value without a word: what SQLite would
 * turn into NULL, cut or replace is refused. Only a number beyond ±2^53 stays what it already is, an approximation.
 */
export function toSqlite(value: unknown, column: Column): Bound {
  if (typeof value === 'string') {
    return isWellFormed(value) ? value : refuse(column, 'well-formed text', 'half a surrogate pair in it');
  }
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) return refuse(column, 'a finite number', String(value));
    return column.asIntegers && Number.isSafeInteger(value) ? BigInt(value) : value;
  }
  if (typeof value === 'boolean') return column.asIntegers ? BigInt(value) : Number(value);
  if (typeof value === 'bigint') {
    return BigInt.asIntN(64, value) === value ? value : refuse(column, 'a BigInt of 64 bits', 'a larger one');
  }
  if (typeof value === 'object') return value === null ? nothing(column) : toText(value, column);
  return refuse(column, 'data', describeValue(value));
}

function nothing(column: Column): null {
  return column.isKey ? refuse(column, 'a value, as it is the key', 'null') : null;
}

function toText(value: object, column: Column): Bound {
  if (isDate(value)) {
    return Number.isNaN(value.getTime()) ? refuse(column, 'a valid date', 'an invalid one') : value.toISOString();
  }
  if (isBytes(value)) return value instanceof Uint8Array ? value : bytesOf(value);
  try {
    return jsonText(value, { bigint: 'refuse' });
  } catch (error) {
    throw new BadRow(`${column.label}: ${errorData(error).message}`, { cause: error });
  }
}

function isBytes(value: object): value is ArrayBufferView | ArrayBufferLike {
  return ArrayBuffer.isView(value) || isAnyArrayBuffer(value);
}

function bytesOf(value: ArrayBufferView | ArrayBufferLike): Uint8Array {
  return ArrayBuffer.isView(value)
    ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
    : new Uint8Array(value);
}

function refuse(column: Column, expected: string, got: string): never {
  throw new BadRow(`${column.label}: expected ${expected}, got ${got}`);
}
