/**
 * Items as JSON, for people and files, without losing their types. A value that JSON does not have becomes an object with
 * one key that begins with `$`:
 *
 *     Date       {"$date": "2026-01-02T03:04:05.678Z"}, null for an invalid one
 *     BigInt     {"$bigint": "12345678901234567890"}
 *     bytes      {"$bytes": "base64"}
 *     Map, Set   {"$map": [[key, value], …]}, {"$set": [value, …]}
 *     numbers    {"$typed": ["Float64Array", "base64"]}, of any typed array but bytes
 *     NaN, …     {"$number": "NaN"}, also "Infinity" and "-Infinity"
 *     RegExp     {"$regexp": ["source", "flags"]}
 *     Error      {"$error": ["name", "message"]}
 *     undefined  {"$undefined": true}
 *     an object that looks like one of these: {"$object": {"$date": …}}
 */
import { show } from '../core/show.ts';
import { ItemError } from './item-error.ts';

/** Turns a decoded item into a value that `JSON.stringify` can write. */
export function itemToJson(value: unknown): unknown {
  if (typeof value === 'bigint') return { $bigint: String(value) };
  if (typeof value === 'number') return Number.isFinite(value) ? value : { $number: String(value) };
  if (value === undefined) return { $undefined: true };
  if (typeof value !== 'object' || value === null) return value;
  return objectToJson(value);
}

function objectToJson(value: object): unknown {
  if (Array.isArray(value)) return value.map(itemToJson);
  if (value instanceof Date) return { $date: Number.isNaN(value.getTime()) ? null : value.toISOString() };
  if (value instanceof Map) return { $map: [...value].map(([key, entry]) => [itemToJson(key), itemToJson(entry)]) };
  if (value instanceof Set) return { $set: [...value].map(itemToJson) };
  if (value instanceof RegExp) return { $regexp: [value.source, value.flags] };
  if (value instanceof Error) return { $error: [value.name, value.message] };
  if (ArrayBuffer.isView(value)) {
    const base64 = Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64');
    return value instanceof Uint8Array ? { $bytes: base64 } : { $typed: [value.constructor.name, base64] };
  }
  const entries = Object.entries(value).map(([key, entry]) => [key, itemToJson(entry)]);
  const object = Object.fromEntries(entries) as Record<string, unknown>;
  return markOf(object) === undefined ? object : { $object: object };
}

/** The item that the parsed `json` stands for. Throws an ItemError that says where something is wrong. */
export function itemFromJson(json: unknown): unknown {
  return read(json, '$');
}

type Reader = (value: unknown, path: string) => unknown;

const readers: Readonly<Record<string, Reader>> = {
  $date: (value, path) => {
    if (value === null) return new Date(Number.NaN);
    const date = new Date(typeof value === 'string' ? value : Number.NaN);
    return Number.isNaN(date.getTime())
      ? wrong(path, 'a date such as "2026-01-02T03:04:05.678Z", or null', value)
      : date;
  },
  $bigint: (value, path) =>
    typeof value === 'string' && /^-?\d+$/.test(value) ? BigInt(value) : wrong(path, 'digits as text', value),
  $bytes: (value, path) => bytesOf(value, path),
  $typed: (value, path) => {
    const [name, base64] = list(value, path);
    const Type = typeof name === 'string' && Object.hasOwn(typedArrays, name) ? typedArrays[name] : undefined;
    if (!Type) return wrong(`${path}[0]`, `one of ${Object.keys(typedArrays).join(', ')}`, name);
    const bytes = bytesOf(base64, `${path}[1]`);
    // A copy: the decoded bytes may begin anywhere in a shared buffer, but a typed array must begin at a whole element.
    if (bytes.length % Type.BYTES_PER_ELEMENT !== 0)
      return wrong(`${path}[1]`, `the bytes of a ${String(name)}`, base64);
    return new Type(new Uint8Array(bytes).buffer);
  },
  $map: (value, path) => new Map(list(value, path).map((pair, i) => readPair(pair, `${path}[${i}]`))),
  $set: (value, path) => new Set(list(value, path).map((entry, i) => read(entry, `${path}[${i}]`))),
  $number: (value, path) =>
    ['NaN', 'Infinity', '-Infinity'].includes(value as string)
      ? Number(value)
      : wrong(path, '"NaN", "Infinity" or "-Infinity"', value),
  $regexp: (value, path) => {
    const [source, flags] = texts(value, path);
    try {
      return new RegExp(source, flags);
    } catch (error) {
      throw new ItemError(`${path}: ${(error as Error).message}`, { cause: error });
    }
  },
  $error: (value, path) => {
    const [name, message] = texts(value, path);
    return Object.assign(new Error(message), { name });
  },
  $undefined: () => undefined,
  $object: (value, path) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? readFields(value, path)
      : wrong(path, 'an object', value),
};

function read(json: unknown, path: string): unknown {
  if (typeof json !== 'object' || json === null) return json;
  if (Array.isArray(json)) return json.map((entry, i) => read(entry, `${path}[${i}]`));
  const mark = markOf(json);
  if (mark === undefined) return readFields(json, path);
  const reader = Object.hasOwn(readers, mark) ? readers[mark] : undefined;
  if (!reader) {
    const known = Object.keys(readers).join(', ');
    throw new ItemError(
      `${path}: expected one of ${known}, got ${show(mark)}; an object with only that key is written {"$object": …}`,
    );
  }
  return reader((json as Record<string, unknown>)[mark], `${path}.${mark}`);
}

function readFields(fields: object, path: string): Record<string, unknown> {
  // Parsed JSON can have this key; assigning it would change the object's prototype.
  if (Object.hasOwn(fields, '__proto__')) throw new ItemError(`${path}: expected no key "__proto__"`);
  return Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, read(value, `${path}.${key}`)]));
}

function readPair(pair: unknown, path: string): [unknown, unknown] {
  if (!Array.isArray(pair) || pair.length !== 2) return wrong(path, 'a pair of key and value', pair);
  return [read(pair[0], `${path}[0]`), read(pair[1], `${path}[1]`)];
}

const typedArrays: Readonly<Record<string, TypedArrayType>> = {
  Int8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
};

type TypedArrayType = { readonly BYTES_PER_ELEMENT: number; new (buffer: ArrayBuffer): ArrayBufferView };

function bytesOf(value: unknown, path: string): Buffer {
  const isBase64 = typeof value === 'string' && /^[A-Za-z0-9+/]*={0,2}$/.test(value) && value.length % 4 === 0;
  return isBase64 ? Buffer.from(value, 'base64') : wrong(path, 'base64', value);
}

function texts(value: unknown, path: string): [string, string] {
  const [first, second] = list(value, path);
  if (typeof first === 'string' && typeof second === 'string') return [first, second];
  return wrong(path, 'two texts', value);
}

function list(value: unknown, path: string): unknown[] {
  return Array.isArray(value) ? value : wrong(path, 'a list', value);
}

/** The only key of an object, if it begins with `$`. */
function markOf(object: object): string | undefined {
  const [key, ...others] = Object.keys(object);
  return key?.startsWith('$') && others.length === 0 ? key : undefined;
}

function wrong(path: string, expected: string, value: unknown): never {
  throw new ItemError(`${path}: expected ${expected}, got ${show(value)}`);
}
