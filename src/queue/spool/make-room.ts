/**
 * Runs `write`; if the disk is full, calls `makeRoom` and runs it once more. Throws what `write` throws, the first time
 * if there is no room even for making some; any other failure of that is thrown as it is.
 */
export function makingRoom(write: () => void, makeRoom: () => void): void {
  try {
    write();
  } catch (error) {
    if (!isFull(error)) throw error;
    try {
      makeRoom();
    } catch (other) {
      // That takes room, too.
      throw isFull(other) ? error : other;
    }
    write();
  }
}

function isFull(error: unknown): boolean {
  return (error as { code?: unknown }).code === 'SQLITE_FULL';
}
