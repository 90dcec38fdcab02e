/** Marks the cancellations of a pipeline's work that come from Millrace. */
const reasons = new WeakSet<object>();
/** How many causes in a row are followed: user code can build a cycle. */
const depth = 10;

/** Marks `reason` as a cancellation by Millrace, and returns it. */
export function cancellation<Reason extends Error>(reason: Reason): Reason {
  reasons.add(reason);
  return reason;
}

/**
 * Whether `error`, which may be any thrown value, comes from a cancellation by Millrace: it is one, or has one among its
 * causes, like fetch's "terminated". Never throws.
 */
export function isCancellation(error: unknown, left = depth): boolean {
  if (typeof error !== 'object' || error === null || left === 0) return false;
  if (reasons.has(error)) return true;
  try {
    const { cause, errors } = error as { cause?: unknown; errors?: unknown };
    if (isCancellation(cause, left - 1)) return true;
    return Array.isArray(errors) && errors.length > 0 && errors.every((each) => isCancellation(each, left - 1));
  } catch {
    // A user's getter or proxy threw: the error is not one of ours.
    return false;
  }
}
