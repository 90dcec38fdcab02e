/**
 * Runs `write`; if the disk is full, calls `makeRoom` and runs it once more. Throws what `write` throws, the first time
 * if no room can be made.
 */
export function makingRoom(write: () => void, makeRoom: () => void): void {
  try {
    write();
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'SQLITE_FULL') throw error;
    try {
      makeRoom();
    } catch {
      // That takes room, too. The disk is full, then: what the first try said.
      throw error;
    }
    write();
  }
}
