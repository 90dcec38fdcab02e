/** True of what `{…}` and `Object.create(null)` make, in any realm; not of instances of classes, arrays, maps. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  // Object.prototype of another realm is not ours, but it too has nothing above it.
  return prototype === null || prototype === Object.prototype || Object.getPrototypeOf(prototype) === null;
}

/** What `value` is, for messages: never its content, which can be secret or long. */
export function describeValue(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === 'number') return Number.isFinite(value) ? 'a number' : String(value);
  if (typeof value === 'bigint') return 'a BigInt';
  if (Array.isArray(value)) return 'an array';
  if (typeof value !== 'object') return `a ${typeof value}`;
  if (isPlainObject(value)) return 'a plain object';
  const { constructor } = value as { constructor?: { name?: unknown } };
  const name = typeof constructor?.name === 'string' && constructor.name !== '' ? constructor.name : 'a nameless class';
  return name === 'Promise' ? 'a Promise (is an await missing?)' : `an instance of ${name}`;
}
