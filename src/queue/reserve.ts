import { closeSync, fsyncSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';

const chunk = Buffer.alloc(1024 * 1024);

/**
 * Disk space kept back for the day the disk is full: settling takes space too, and without it consumers could not
 * even be relieved of what they have done. It is given up for settlements only, and taken back before any new item.
 */
export class Reserve {
  readonly #file: string;
  readonly #bytes: number;
  readonly #makeRoom: () => void;
  #isHeld = false;

  /** `makeRoom` is asked to free disk space when there is none to take. */
  constructor(directory: string, makeRoom: () => void, bytes = 8 * chunk.length) {
    this.#file = join(directory, 'reserve');
    this.#makeRoom = makeRoom;
    this.#bytes = bytes;
  }

  get isHeld(): boolean {
    return this.#isHeld;
  }

  /** Takes the space; false if there is not enough of it. */
  take(): boolean {
    if (this.#isHeld || this.#claim()) return true;
    try {
      this.#makeRoom();
    } catch {
      // No room even for that; the second try tells.
    }
    return this.#claim();
  }

  /** Gives the space up. Idempotent. */
  release(): void {
    this.#isHeld = false;
    rmSync(this.#file, { force: true });
  }

  #claim(): boolean {
    // A predecessor's.
    if (statSync(this.#file, { throwIfNoEntry: false })?.size === this.#bytes) return (this.#isHeld = true);
    let fd: number | undefined;
    try {
      fd = openSync(this.#file, 'w', 0o600);
      // Really written, because a sparse file reserves nothing.
      for (let left = this.#bytes; left > 0;) left -= writeSync(fd, chunk, 0, Math.min(chunk.length, left));
      fsyncSync(fd);
      this.#isHeld = true;
    } catch {
      this.release();
    } finally {
      if (fd !== undefined) closeSync(fd);
    }
    return this.#isHeld;
  }
}
