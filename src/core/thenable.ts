/** Whether awaiting `value` gives something other than `value`: it is a promise, or an object that works like one. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
}
