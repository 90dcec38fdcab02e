import { isAnyArrayBuffer, isDate, isMap, isSet } from 'node:util/types';
import { describeValue } from './describe-value.ts';
import { isPlainObject } from './plain-object.ts';

/** SQLite's JSON functions read no deeper than this. The limit also stops the walk through a circular value. */
const maxDepth = 1000;

/**
 * `value` as JSON text. Refuses values that `JSON.stringify` would change silently. `Date` → ISO text, `Set` → array,
 * `Map` with text keys → object, a value with a `toJSON` → the result of that; `undefined` as in JSON: left out of
 * objects, `null` in arrays. `bigint: 'text'` → decimal digits as text.
 *
 * Throws a TypeError that names the place (`$.a[2]`) for `NaN`, infinities, invalid dates, functions, symbols, bytes,
 * other instances of classes, maps with other keys, circular or too deep values and, with `bigint: 'refuse'`, BigInt.
 */
export function jsonText(value: unknown, options: { bigint: 'text' | 'refuse' }): string {
  const text = JSON.stringify(new JsonWalk(options.bigint).plain(value)) as string | undefined;
  if (text === undefined) throw new TypeError(`expected a value that JSON can hold, got ${describeValue(value)}`);
  return text;
}

class JsonWalk {
  readonly #path: (string | number)[] = [];
  readonly #bigint: 'text' | 'refuse';

  constructor(bigint: 'text' | 'refuse') {
    this.#bigint = bigint;
  }

  /** `value` if JSON.stringify converts it in the way that we want, otherwise a copy that it does. */
  plain(value: unknown): unknown {
    if (typeof value === 'object') return value === null ? null : this.#object(value);
    if (typeof value === 'number') return Number.isFinite(value) ? value : this.#refuse('a finite number', value);
    if (typeof value === 'bigint')
      return this.#bigint === 'text' ? String(value) : this.#refuse('a number or text', value);
    if (typeof value === 'function' || typeof value === 'symbol') return this.#refuse('data', value);
    return value;
  }

  #object(value: object): unknown {
    if (this.#path.length > maxDepth) throw new TypeError('it is circular, or nested more than 1,000 levels deep');
    if (Array.isArray(value)) return this.#array(value);
    if (isDate(value)) return Number.isNaN(value.getTime()) ? this.#refuse('a valid date', value) : value.toISOString();
    if (isSet(value)) return this.#array([...value]);
    if (isMap(value)) return this.#record(this.#recordOf(value));
    // Checked before toJSON, because a Buffer has a toJSON.
    if (ArrayBuffer.isView(value) || isAnyArrayBuffer(value)) return this.#refuse('no bytes inside JSON', value);
    const { toJSON } = value as { toJSON?: unknown };
    if (typeof toJSON === 'function') return this.#at('toJSON()', toJSON.call(value, this.#path.at(-1) ?? ''));
    return isPlainObject(value) ? this.#record(value) : this.#refuse('plain data', value);
  }

  #array(values: unknown[]): unknown[] {
    let copy: unknown[] | undefined;
    for (const [i, value] of values.entries()) {
      const plain = this.#at(i, value);
      if (plain !== value) (copy ??= [...values])[i] = plain;
    }
    return copy ?? values;
  }

  #record(record: Record<string, unknown>): Record<string, unknown> {
    let copy: Record<string, unknown> | undefined;
    for (const name of Object.keys(record)) {
      const value = record[name];
      const plain = this.#at(name, value);
      if (plain !== value) (copy ??= { ...record })[name] = plain;
    }
    return copy ?? record;
  }

  #recordOf(map: ReadonlyMap<unknown, unknown>): Record<string, unknown> {
    for (const key of map.keys()) if (typeof key !== 'string') this.#refuse('a Map with text keys', key);
    return Object.fromEntries(map as ReadonlyMap<string, unknown>);
  }

  #at(step: string | number, value: unknown): unknown {
    this.#path.push(step);
    const plain = this.plain(value);
    this.#path.pop();
    return plain;
  }

  #refuse(expected: string, value: unknown): never {
    const place = this.#path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`)).join('');
    throw new TypeError(`expected ${expected}, got ${describeValue(value)} at $${place}`);
  }
}
