import { isAnyArrayBuffer, isDate } from 'node:util/types';
import { errorData } from '../../core/errors.ts';
import { isInt64 } from '../../core/int64.ts';
import { show } from '../../core/show.ts';
import { isWellFormed } from '../../core/well-formed.ts';
import { BadRow } from '../../sinks/port.ts';
import { describeValue } from '../../sinks/describe-value.ts';
import { jsonText } from '../../sinks/json-text.ts';
import { readsAsNumber, type Affinity } from './affinity.ts';

/** The values that better-sqlite3 can bind. */
export type Bound = string | number | bigint | Uint8Array | null;

/** A column of the sink's table. */
export interface Column {
  readonly name: string;
  /** Its name in messages. */
  readonly label: string;
  /** The declared type; '' for a column without a type. */
  readonly type: string;
  readonly affinity: Affinity;
  readonly isKey: boolean;
  /** It is the table's row number (INTEGER PRIMARY KEY): SQLite replaces NULL in it with a number. */
  readonly isRowNumber: boolean;
  /** The database stores text as UTF-16. */
  readonly isUtf16: boolean;
  /** Whether this value is a secret, which no error may show. */
  readonly isSecret: (value: unknown) => boolean;
}

/** A column that converts nothing, as the sink creates them if no types are declared. */
export function columnWithoutType(column: Pick<Column, 'name' | 'label' | 'isKey' | 'isSecret'>): Column {
  return { ...column, type: '', affinity: 'none', isRowNumber: false, isUtf16: false };
}

/**
 * `value` in the form in which it is bound, so that SQLite returns it unchanged. Throws a BadRow that names the column
 * for values that SQLite would turn into NULL, truncate, round or convert, and in a key also for values that would
 * equal a key of another type. Numbers and BigInts of the same value are the same to SQLite, and so are 0 and -0.
 *
 * The result may be passed in again, if a column of the same name turns out to be declared differently.
 */
export function toSqlite(value: unknown, column: Column): Bound {
  if (typeof value === 'string') return text(value, column);
  if (typeof value === 'number') return number(value, column);
  if (typeof value === 'bigint') return bigint(value, column);
  if (typeof value === 'boolean') return boolean(value, column);
  if (typeof value === 'object') return value === null ? nothing(column) : object(value, column);
  return refuse(column, `expected data, got ${describeValue(value)}`);
}

function text(value: string, column: Column): string {
  if (!isWellFormed(value)) return refuse(column, 'expected well-formed text, got half a surrogate pair in it');
  const { affinity } = column;
  if ((affinity === 'numeric' || affinity === 'real') && readsAsNumber(value)) {
    const advice = 'declare it TEXT, or BLOB to keep both text and numbers, or return a number';
    return refuse(column, `${wouldStore(column, value)} as a number; ${advice}`);
  }
  // https://sqlite.org/src: READ_UTF8 replaces them when it converts.
  if (column.isUtf16 && /[\uFFFE\uFFFF]/.test(value)) {
    return refuse(column, 'expected text without U+FFFE and U+FFFF, which a UTF-16 database does not keep');
  }
  return value;
}

function number(value: number, column: Column): number | bigint {
  if (!Number.isFinite(value)) return refuse(column, `expected a finite number, got ${value}`);
  const { affinity } = column;
  if (affinity === 'text') return refuseNumber(value, column);
  // better-sqlite3 binds every number as a floating-point number. INTEGER columns convert it to an integer, these do
  // not.
  return affinity === 'none' && Number.isSafeInteger(value) ? BigInt(value) : value;
}

function bigint(value: bigint, column: Column): bigint {
  if (!isInt64(value)) return refuse(column, 'expected a BigInt of 64 bits, got a larger one');
  const { affinity } = column;
  if (affinity === 'text') return refuseNumber(value, column);
  if (affinity === 'real' && BigInt(Number(value)) !== value) {
    return refuse(column, `a column of type ${column.type} would round ${shown(column, value)}; declare it INTEGER`);
  }
  return value;
}

function boolean(value: boolean, column: Column): number | bigint {
  if (column.isKey)
    return refuseInKey(column, value, Number(value), `Number(${column.name}) or String(${column.name})`);
  if (column.affinity === 'text') return refuseNumber(value, column);
  return number(Number(value), column);
}

function nothing(column: Column): null {
  if (column.isKey) return refuse(column, 'expected a value for the key, got null');
  if (!column.isRowNumber) return null;
  return refuse(column, 'SQLite would replace null with a row number; leave the column out if you want that');
}

function object(value: object, column: Column): Bound {
  if (isBytes(value)) return copyOf(value);
  const isoOrJson = isDate(value) ? isoText(value, column) : json(value, column);
  if (!column.isKey) return text(isoOrJson, column);
  const instead = isDate(value) ? `${column.name}.toISOString()` : `JSON.stringify(${column.name})`;
  return refuseInKey(column, value, isoOrJson, instead);
}

function isoText(value: Date, column: Column): string {
  return Number.isNaN(value.getTime())
    ? refuse(column, 'expected a valid date, got an invalid one')
    : value.toISOString();
}

function json(value: object, column: Column): string {
  try {
    return jsonText(value, { bigint: 'refuse' });
  } catch (error) {
    throw new BadRow(`${column.label}: ${errorData(error).message}`, { cause: error });
  }
}

function isBytes(value: object): value is ArrayBufferView | ArrayBufferLike {
  return ArrayBuffer.isView(value) || isAnyArrayBuffer(value);
}

/** A copy, because `process` may use the same buffer for its next item. */
function copyOf(value: ArrayBufferView | ArrayBufferLike): Uint8Array {
  return ArrayBuffer.isView(value)
    ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength).slice()
    : new Uint8Array(value).slice();
}

function refuseNumber(value: number | bigint | boolean, column: Column): never {
  const type = typeof value === 'number' && !Number.isInteger(value) ? 'REAL' : 'INTEGER';
  const advice = `declare it ${type}, or BLOB to keep both text and numbers, or return String(${column.name})`;
  return refuse(column, `${wouldStore(column, value)} as text; ${advice}`);
}

function refuseInKey(column: Column, value: unknown, same: unknown, instead: string): never {
  const what = typeof value === 'boolean' ? String(value) : describeValue(value);
  return refuse(column, `as a key ${what} would be the same as ${shown(column, same)}; return ${instead} instead`);
}

function wouldStore(column: Column, value: unknown): string {
  return `a column of type ${column.type} would store ${shown(column, value)}`;
}

function shown(column: Column, value: unknown): string {
  if (column.isSecret(value)) return describeValue(value);
  return typeof value === 'bigint' ? `the BigInt ${value}` : show(value);
}

function refuse(column: Column, problem: string): never {
  throw new BadRow(`${column.label}: ${problem}`);
}
