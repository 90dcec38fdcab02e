/**
 * Whether `value` is a plain object, made by `{…}` or `Object.create(null)` in any realm, and not an instance of a
 * class, an array or a map.
 */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  // The Object.prototype of another realm differs from ours, but it has no prototype either.
  return prototype === null || prototype === Object.prototype || Object.getPrototypeOf(prototype) === null;
}
