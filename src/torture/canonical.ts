/** Values as text, so that what comes out at one end can be compared with what went in at the other. Not the product's codec: that is among what is on trial. */
import { createHash } from 'node:crypto';
import { isAnyArrayBuffer, isDate, isMap, isNativeError, isRegExp, isSet } from 'node:util/types';

/** Tells items apart: the same for equal values, whatever process looks. */
export function digestOf(value: unknown): string {
  return shortHash(canonical(value));
}

/** A row as the sink shows it: column → text. */
export type Cells = Readonly<Record<string, string>>;

/** Longer cells are kept as their hash. */
const longestCell = 64;

/** What a row should be in a SQLite table, by column in small letters; what is `null` or not given is left out. */
export function sqliteCells(row: object): Cells {
  const cells: Record<string, string> = {};
  for (const [name, value] of Object.entries(row)) {
    if (value !== undefined && value !== null) cells[name.toLowerCase()] = cellText(value);
  }
  return cells;
}

/** A value of a SQLite table, or what is to become one. */
export function cellText(value: unknown): string {
  if (typeof value === 'boolean') return value ? '1' : '0';
  if (isDate(value)) return isoText(value);
  if (isBytes(value)) return shortened(hex(value));
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint'
    ? shortened(String(value))
    : jsonText(value);
}

/** What a row should be as a line of JSON. */
export function jsonCells(row: unknown): Cells {
  return { row: jsonText(row) };
}

// What a sink refuses is made something of all the same: the sink is to say that it does, not we.
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

/** For JSON.stringify: what it would drop, or refuse. */
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
    // A field that is undefined is as good as none.
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
