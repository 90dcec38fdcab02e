import type { Bigints } from '../../core/exact-json.ts';
import { isRecord } from '../../core/is-record.ts';
import { parseDuration } from '../../core/units.ts';
import { hasSecret, isText } from '../../values/text.ts';
import { expected, listOf, oneOf, text, type Fields } from '../fields.ts';
import type { Bound, BoundValue, NullCursor } from './fields.ts';
import { isInt64 } from '../../core/int64.ts';

/** The checked fields that all SQL sources share. */
export interface SqlSettings {
  readonly from: FromTable | FromQuery;
  readonly params: Readonly<Record<string, BoundValue>>;
  /** Undefined: the table's primary key. */
  readonly key: readonly string[] | undefined;
  readonly incremental: Incremental | undefined;
  readonly page: number;
  readonly bigints: Bigints;
}

interface FromTable {
  readonly table: string;
  readonly columns: readonly string[] | undefined;
  readonly where: string | undefined;
}

interface FromQuery {
  readonly query: string;
}

export interface Incremental {
  readonly cursor: string;
  readonly start: Bound | undefined;
  readonly end: Bound | undefined;
  readonly lag: string | number;
  readonly nullCursor: NullCursor;
}

/** Reads the shared fields. The caller reads its own and calls `fields.done()`. */
export function sqlSettings(fields: Fields): SqlSettings {
  const table = fields.read<string | undefined>('table', undefined, name);
  const query = fields.read<string | undefined>('query', undefined, text);
  const columns = fields.read<readonly string[] | undefined>('columns', undefined, names);
  const where = fields.read<string | undefined>('where', undefined, text);
  const params = fields.read<SqlSettings['params']>('params', {}, checkParams);
  const key = fields.read<readonly string[] | undefined>('key', undefined, (value) =>
    names(typeof value === 'string' ? [value] : value),
  );
  if (!fields.has('table') && !fields.has('query')) fields.problem('expected a table or a query');
  if (fields.has('query')) {
    const both = ['table', 'columns', 'where'].filter((field) => fields.has(field));
    for (const field of both)
      fields.problem(`${field}: belongs to a table, and there is a query; write it in the query`);
    if (!fields.has('key')) fields.problem('key: expected the columns that identify a row of the query');
  }
  return {
    from: query === undefined ? { table: table ?? '', columns, where } : { query },
    params,
    key,
    incremental: incrementalOf(fields),
    page: fields.read('page', 1000, checkPage),
    bigints: fields.read<Bigints>('bigints', 'string', oneOf('string', 'bigint', 'number')),
  };
}

function incrementalOf(outer: Fields): Incremental | undefined {
  const fields = outer.within('incremental');
  if (fields === undefined) return undefined;
  if (!fields.has('cursor')) fields.problem('cursor: expected a column whose value rises with every new row');
  return {
    cursor: fields.read('cursor', '', name),
    start: fields.read<Bound | undefined>('start', undefined, checkBound),
    end: fields.read<Bound | undefined>('end', undefined, checkBound),
    lag: fields.read<string | number>('lag', 0, checkLag),
    nullCursor: fields.read<NullCursor>('nullCursor', 'error', oneOf('error', 'include', 'skip')),
  };
}

function name(value: unknown): string {
  const given = text(value);
  if (given.includes('\0')) throw new TypeError('a name cannot hold a NUL character');
  return given;
}

function names(value: unknown): readonly string[] {
  const list = listOf('a list of columns', name)(value);
  if (list.length === 0) throw new TypeError('expected at least one column; leave it out for the default');
  const double = list.find((each, i) => list.indexOf(each) < i);
  if (double !== undefined) throw new TypeError(`"${double}" is named twice`);
  return list;
}

function checkParams(value: unknown): SqlSettings['params'] {
  if (!isRecord(value)) throw expected('{ name: value, … }', value);
  for (const [param, each] of Object.entries(value)) {
    const isValue = each === null || typeof each === 'bigint' || typeof each === 'number' || isText(each);
    if (!isValue) throw new TypeError(`${param}: ${expected('text, a number, a BigInt or null', each).message}`);
    if (isTooLarge(each)) throw new TypeError(`${param}: ${expected(integer, each).message}`);
  }
  return value as SqlSettings['params'];
}

const integer = 'an integer from -2^63 to 2^63 - 1';

function isTooLarge(value: unknown): boolean {
  return typeof value === 'bigint' && !isInt64(value);
}

function checkPage(value: unknown): number {
  if (!Number.isInteger(value) || (value as number) < 1) throw expected('a number of rows from 1', value);
  return value as number;
}

function checkBound(value: unknown): Bound {
  if (hasSecret(value)) throw new TypeError('a bound cannot hold a secret, because it is shown; use a param');
  if (typeof value !== 'bigint' && !Number.isFinite(value) && !isText(value)) throw expected('text or a number', value);
  if (isTooLarge(value)) throw expected(integer, value);
  return value as Bound;
}

/** A number may be in the unit of the cursor, so it is kept as it is. */
function checkLag(value: unknown): string | number {
  parseDuration(value);
  return value as string | number;
}
