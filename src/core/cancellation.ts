/** The reasons of Millrace's own cancellations of a pipeline's work. */
const reasons = new WeakSet<object>();
/** Longest chain of causes that is followed: user code can build a cycle. */
const depth = 10;

/** Marks `reason` as a cancellation by Millrace, and returns it. */
export function cancellation<Reason extends Error>(reason: Reason): Reason {
  reasons.add(reason);
  return reason;
}

/**
 * Whether `error`, which may be anything that was thrown, comes from a cancellation by Millrace: it is one, or has one
 * among its causes, as fetch's "terminated" has. Never throws.
 */
export function isCancellation(error: unknown, left = depth): boolean {
  if (typeof error !== 'object' || error === null || left === 0) return false;
  if (reasons.has(error)) return true;
  try {
    const { cause, errors } = error as { cause?: unknown; errors?: unknown };
    if (isCancellation(cause, left - 1)) return true;
    return Array.isArray(errors) && errors.length > 0 && errors.every((each) => isCancellation(each, left - 1));
  } catch {
    // A user's getter or proxy threw: it is not one of ours.
    return false;
  }
}
