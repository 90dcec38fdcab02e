/**
 * Runs `write`. If the disk is full, calls `makeSpace` and runs `write` once more. Throws the error of the last `write`. If
 * there is not even enough space for `makeSpace`, that is the first one. Any other error of `makeSpace` is thrown as it is.
 */
export function makingSpace(write: () => void, makeSpace: () => void): void {
  try {
    write();
  } catch (error) {
    if (!isFull(error)) throw error;
    try {
      makeSpace();
    } catch (other) {
      // Making space takes space, too.
      throw isFull(other) ? error : other;
    }
    write();
  }
}

function isFull(error: unknown): boolean {
  return (error as { code?: unknown }).code === 'SQLITE_FULL';
}
