import { closeSync, fsyncSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../../core/clock.ts';
import { errorData } from '../../core/errors.ts';
import { ioError } from './failure.ts';
import { StoreFull } from '../store.ts';

/** On a full disk it takes some work to find out that it still is. */
const betweenTriesMs = 500;

const chunk = Buffer.alloc(1024 * 1024);

/**
 * Disk space kept back for the day the disk is full: settling takes space too, and without it consumers could not
 * even be relieved of what they have done. It is given up for settlements only, and taken back before any new item.
 */
export class Reserve {
  readonly #file: string;
  readonly #bytes: number;
  readonly #makeRoom: () => void;
  readonly #clock: Pick<Clock, 'now'>;
  #isHeld = false;
  #wasGivenUp = false;
  #nextTryAt = -Infinity;

  /** `makeRoom` is asked to free disk space when there is none to take; it throws StoreFull if it cannot. */
  constructor(
    directory: string,
    { makeRoom, clock, bytes = 8 * chunk.length }: { makeRoom: () => void; clock: Pick<Clock, 'now'>; bytes?: number },
  ) {
    this.#file = join(directory, 'reserve');
    this.#makeRoom = makeRoom;
    this.#clock = clock;
    this.#bytes = bytes;
  }

  get isHeld(): boolean {
    return this.#isHeld;
  }

  /**
   * Takes the space; false if there is not enough of it, or was not when that was last tried, a moment ago. Throws an
   * error that is final if the disk has failed.
   */
  take(): boolean {
    if (this.#isHeld) return true;
    const now = this.#clock.now();
    if (now < this.#nextTryAt) return false;
    // There may be room for this and for nothing beside it, not even for making more.
    if (this.#wasGivenUp) this.#makeSomeRoom();
    this.#claim();
    if (!this.#isHeld) {
      this.#makeSomeRoom();
      this.#claim();
    }
    // A timer set for then may be a millisecond early.
    if (!this.#isHeld) this.#nextTryAt = now + betweenTriesMs - 1;
    return this.#isHeld;
  }

  /** Gives the space up. Idempotent. */
  release(): void {
    this.#wasGivenUp = true;
    this.#remove();
  }

  #remove(): void {
    this.#isHeld = false;
    try {
      rmSync(this.#file, { force: true });
    } catch (error) {
      throw this.#failure(error);
    }
  }

  #makeSomeRoom(): void {
    try {
      this.#makeRoom();
    } catch (error) {
      // No room even for that; the second try tells.
      if (!(error instanceof StoreFull)) throw error;
    }
  }

  #claim(): void {
    try {
      // It may be a predecessor's.
      if (statSync(this.#file, { throwIfNoEntry: false })?.size !== this.#bytes) this.#write();
      this.#isHeld = true;
    } catch (error) {
      if (!isFull(error)) throw this.#failure(error);
      this.#remove();
    }
  }

  #write(): void {
    const fd = openSync(this.#file, 'w', 0o600);
    try {
      // Really written, because a sparse file reserves nothing.
      for (let left = this.#bytes; left > 0;) left -= writeSync(fd, chunk, 0, Math.min(chunk.length, left));
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
  }

  #failure(error: unknown): Error {
    return ioError(`the space kept back in ${this.#file} failed: ${errorData(error).message}`, error);
  }
}

/** No room on the disk, or none left of what this user may have of it. */
function isFull(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return code === 'ENOSPC' || code === 'EDQUOT';
}
