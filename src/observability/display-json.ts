/**
 * `value` as JSON for people, on one line: never fails, and represents what JSON cannot. BigInt, `NaN` and infinities
 * become text, a `Set` an array, a `Map` an object (or an array of pairs), bytes `{"base64": "…"}`, functions and
 * symbols text in brackets, `undefined` null. For a circular value it only says that it is circular.
 */
export function displayJson(value: unknown): string {
  try {
    return JSON.stringify(value, replace) ?? 'null';
  } catch (error) {
    const [reason] = (error instanceof Error ? error.message : String(error)).split('\n');
    return JSON.stringify(`[cannot be shown: ${reason}]`);
  }
}

function replace(this: unknown, key: string, given: unknown): unknown {
  // JSON.stringify has already called toJSON; the original is still in its parent.
  const original = (this as Record<string, unknown>)[key];
  return typeof original === 'object' && original !== null ? displayObject(original, given) : displayPrimitive(given);
}

function displayObject(original: object, given: unknown): unknown {
  if (original instanceof Date) return given ?? 'Invalid Date';
  if (original instanceof Set) return [...original];
  if (original instanceof Map) {
    const pairs = [...original];
    return pairs.every(([key]) => typeof key === 'string') ? Object.fromEntries(pairs) : pairs;
  }
  if (original instanceof Error) return `${original.name}: ${original.message}`;
  if (ArrayBuffer.isView(original)) {
    return { base64: Buffer.from(original.buffer, original.byteOffset, original.byteLength).toString('base64') };
  }
  return given;
}

function displayPrimitive(value: unknown): unknown {
  if (typeof value === 'bigint') return String(value);
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (typeof value === 'function') return '[function]';
  return typeof value === 'symbol' ? `[${String(value)}]` : value;
}
