/** True of what `{…}` and `Object.create(null)` make, in any realm; not of instances of classes, arrays, maps. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  // Object.prototype of another realm is not ours, but it too has nothing above it.
  return prototype === null || prototype === Object.prototype || Object.getPrototypeOf(prototype) === null;
}
