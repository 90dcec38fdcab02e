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
  #isHeld = false;

  constructor(directory: string, bytes = 8 * chunk.length) {
    this.#file = join(directory, 'reserve');
    this.#bytes = bytes;
  }

  get isHeld(): boolean {
    return this.#isHeld;
  }

  /** Takes the space; false if there is not enough of it. */
  take(): boolean {
    if (this.#isHeld) return true;
    // A predecessor's.
    if (statSync(this.#file, { throwIfNoEntry: false })?.size === this.#bytes) return (this.#isHeld = true);
    let fd: number | undefined;
    try {
      fd = openSync(this.#file, 'w', 0o600);
      // Really written, because a sparse file reserves nothing.
      for (let written = 0; written < this.#bytes; ) written += writeSync(fd, chunk, 0, Math.min(chunk.length, this.#bytes - written));
      fsyncSync(fd);
      this.#isHeld = true;
    } catch {
      this.release();
    } finally {
      if (fd !== undefined) closeSync(fd);
    }
    return this.#isHeld;
  }

  /** Gives the space up. Idempotent. */
  release(): void {
    this.#isHeld = false;
    rmSync(this.#file, { force: true });
  }
}
