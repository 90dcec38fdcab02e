/** Values as text, so that the output can be compared with the input. Not by the product's codec, which is under test itself. */
import { createHash } from 'node:crypto';
import { isAnyArrayBuffer, isDate, isMap, isNativeError, isRegExp, isSet } from 'node:util/types';

/** Identifies an item: equal values have the same digest in every process. */
export function digestOf(value: unknown): string {
  return shortHash(canonical(value));
}

/**
 * Identifies a raw record, by its bytes. Of an oversized record only the beginning is passed on, with the record's true
 * `length`. Both are part of its identity.
 */
export function recordDigest(bytes: Buffer, length?: number): string {
  const digest = createHash('sha256').update(bytes).digest('hex').slice(0, 16);
  return length === undefined ? digest : `${digest} of ${length}`;
}

/** A row as the sink shows it: column → text. */
export type Cells = Readonly<Record<string, string>>;

/** The name of the cell with the table that a row is in. No column's cell has it: those are in lower case. */
export const tableCell = 'TABLE';

/** Longer cells are represented by their hash. */
const longestCell = 64;

/** The expected row in a SQLite table, by column in lower case; columns that are `null` or missing are left out. */
export function sqliteCells(row: object): Cells {
  const cells: Record<string, string> = {};
  for (const [name, value] of Object.entries(row)) {
    if (value !== undefined && value !== null) cells[name.toLowerCase()] = cellText(value);
  }
  return cells;
}

/** A value of a SQLite table, or a value that will become one. */
export function cellText(value: unknown): string {
  if (typeof value === 'boolean') return value ? '1' : '0';
  if (isDate(value)) return isoText(value);
  if (isBytes(value)) return shortened(hex(value));
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint'
    ? shortened(String(value))
    : jsonText(value);
}

/** The expected row as a line of JSON. */
export function jsonCells(row: unknown): Cells {
  return { row: jsonText(row) };
}

// Values that a sink refuses get some text as well: it is up to the sink to refuse them.
function isoText(date: Date): string {
  return Number.isNaN(date.getTime()) ? 'an invalid date' : date.toISOString();
}

const noJson = 'no JSON';

function jsonText(value: unknown): string {
  try {
    const text: string | undefined = JSON.stringify(value, asJson);
    return shortened(text ?? noJson);
  } catch {
    return noJson;
  }
}

function shortened(text: string): string {
  return text.length <= longestCell ? text : `${shortHash(text)} (${text.length} characters)`;
}

function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

/** For JSON.stringify: handles values that it would drop or refuse. */
function asJson(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return String(value);
  if (isSet(value)) return [...value];
  return isMap(value) ? Object.fromEntries(value) : value;
}

function canonical(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'bigint') return `${value}n`;
  if (Object.is(value, -0)) return '-0';
  if (typeof value !== 'object' || value === null) return String(value);
  if (isDate(value)) return `Date(${value.getTime()})`;
  if (isBytes(value)) return `bytes(${hex(value)})`;
  if (isRegExp(value)) return `RegExp(${String(value)})`;
  if (isNativeError(value)) return `Error(${JSON.stringify(value.message)})`;
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (isSet(value)) return `Set[${[...value].map(canonical).join()}]`;
  if (isMap(value)) return `Map[${[...value].map((pair) => canonical(pair)).join()}]`;
  const fields = Object.entries(value)
    // A field that is undefined counts as missing.
    .filter(([, field]) => field !== undefined)
    .map(([name, field]) => `${JSON.stringify(name)}:${canonical(field)}`);
  return `{${fields.toSorted().join()}}`;
}

function isBytes(value: unknown): value is ArrayBufferView | ArrayBuffer {
  return ArrayBuffer.isView(value) || isAnyArrayBuffer(value);
}

function hex(value: ArrayBufferView | ArrayBuffer): string {
  const bytes = ArrayBuffer.isView(value)
    ? Buffer.from(value.buffer, value.byteOffset, value.byteLength)
    : Buffer.from(value);
  return bytes.toString('hex');
}
