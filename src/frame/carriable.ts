/**
 * Finds values that cannot be carried from one process to another, and says where in an item they are. The encoder itself
 * fails on functions, symbols and values that refer to themselves. It would lose other values silently; those are found
 * here.
 */
import { isWellFormed } from '../core/well-formed.ts';

/** Throws if `object`, which is about to be encoded as a record, contains or is something that would be lost. */
export function requireCarriable(object: object): void {
  const prototype: unknown = Object.getPrototypeOf(object);
  if (prototype !== Object.prototype && prototype !== null) refuse(flawOfInstance(object));
  for (const key in object) {
    if (isLostKey(key)) refuse(`a key ${key}`);
    requireTexts((object as Record<string, unknown>)[key]);
  }
}

/** The same for texts in `value` that are not in a record. */
export function requireTexts(value: unknown): void {
  if (typeof value === 'string') {
    if (!isWellFormed(value)) refuse('half of a surrogate pair');
  } else if (Array.isArray(value)) {
    for (const element of value) requireTexts(element);
  } else if (value instanceof Map || value instanceof Set) {
    for (const element of value) requireTexts(element);
  }
}

function refuse(flaw: string | undefined): void {
  if (flaw !== undefined) throw new TypeError(flaw);
}

// A key of the first kind would arrive as a different key; the second is msgpackr's own mark in its table of shapes.
function isLostKey(key: string): boolean {
  return key === '__proto__' || key === '__keys__';
}

/** Promises, weak maps, streams, headers…: their contents are not in fields, so nothing of them would arrive. */
function flawOfInstance(object: object): string | undefined {
  const tag = Object.prototype.toString.call(object).slice('[object '.length, -1);
  return tag !== 'Object' && Object.keys(object).length === 0 ? `a ${tag}, which has no fields to carry` : undefined;
}

// Deeper values exceed the stack, here or in the encoder.
const deepest = 1000;

/** Says which value in `item` cannot be encoded: "$.a.b[2] is a function"; undefined if none is found. */
export function findFlaw(item: unknown): string | undefined {
  const open = new Set<unknown>();
  const search = (value: unknown, path: string): string | undefined => {
    if (typeof value === 'function' || typeof value === 'symbol') return `${path} is a ${typeof value}`;
    if (typeof value === 'string' && !isWellFormed(value)) {
      return `${path} contains half a surrogate pair, as when an emoji is cut in two; toWellFormed() fixes such text`;
    }
    if (typeof value !== 'object' || value === null) return undefined;
    if (open.has(value)) return `${path} refers back to an object that contains it`;
    if (open.size >= deepest) return `it is nested too deeply at ${path.slice(0, 60)}…`;
    const flaw = isHandled(value) ? undefined : flawOfInstance(value);
    if (flaw !== undefined) return `${path} is ${flaw}`;
    open.add(value);
    for (const [part, read] of partsOf(value)) {
      if (part === '.__proto__' || part === '.__keys__')
        return `${path} has a key ${part.slice(1)}, which is not free to use`;
      let inner: unknown;
      try {
        inner = read();
      } catch (error) {
        return `reading ${path}${part} throws: ${String(error)}`;
      }
      const found = search(inner, path + part);
      if (found !== undefined) return found;
    }
    open.delete(value);
    return undefined;
  };
  try {
    return search(item, '$');
  } catch {
    // A proxy can throw at any access. Then the encoder's own error has to do.
    return undefined;
  }
}

// Kinds without fields that the encoder knows; only Map itself, not its subclasses.
function isHandled(value: object): boolean {
  const isMap = Object.getPrototypeOf(value) === Map.prototype;
  return isMap || ArrayBuffer.isView(value) || handled.some((kind) => value instanceof kind);
}

const handled = [Array, Set, Date, RegExp, Error, ArrayBuffer];

/** The values in `value`: how to write the path to each, and how to get it. */
function* partsOf(value: object): Generator<[part: string, read: () => unknown]> {
  if (ArrayBuffer.isView(value)) return;
  if (value instanceof Map) {
    for (const [key, inner] of value) {
      yield ['.keys()', () => key];
      yield [typeof key === 'string' ? `.get(${JSON.stringify(key)})` : '.values()', () => inner as unknown];
    }
  } else if (value instanceof Set) {
    for (const inner of value) yield ['.values()', () => inner as unknown];
  } else {
    for (const key of Object.keys(value)) {
      const part = Array.isArray(value) ? `[${key}]` : /^[\w$]+$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
      yield [part, () => (value as Record<string, unknown>)[key]];
    }
  }
}
