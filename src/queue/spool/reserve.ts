import { closeSync, fsyncSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../../core/clock.ts';
import { errorData } from '../../core/errors.ts';
import { ioError } from './failure.ts';
import type { Reserve } from '../place.ts';
import { StoreFull } from '../store.ts';

/** On a full disk, checking whether it is still full takes some work. */
const betweenTriesMs = 500;

const chunk = Buffer.alloc(1024 * 1024);

/**
 * Disk space that is kept back for when the disk is full. Settling takes space, too: without it, not even items that are
 * done could be settled. The space is given up for settlements only, and taken back before any new item is stored.
 */
export class SpoolReserve implements Reserve {
  readonly #file: string;
  readonly #bytes: number;
  readonly #makeSpace: () => void;
  readonly #clock: Pick<Clock, 'now'>;
  #isHeld = false;
  #wasGivenUp = false;
  #nextTryAt = -Infinity;

  /** `makeSpace` is called to free disk space if none is left for the reserve. It throws StoreFull if it cannot. */
  constructor(
    directory: string,
    {
      makeSpace,
      clock,
      bytes = 8 * chunk.length,
    }: { makeSpace: () => void; clock: Pick<Clock, 'now'>; bytes?: number },
  ) {
    this.#file = join(directory, 'reserve');
    this.#makeSpace = makeSpace;
    this.#clock = clock;
    this.#bytes = bytes;
  }

  get isHeld(): boolean {
    return this.#isHeld;
  }

  take(): boolean {
    if (this.#isHeld) return true;
    const now = this.#clock.now();
    if (now < this.#nextTryAt) return false;
    // There may be space for the reserve and for nothing else, not even for making more space.
    if (this.#wasGivenUp) this.#makeSomeSpace();
    this.#claim();
    if (!this.#isHeld) {
      this.#makeSomeSpace();
      this.#claim();
    }
    // A timer set for then may be a millisecond early.
    if (!this.#isHeld) this.#nextTryAt = now + betweenTriesMs - 1;
    return this.#isHeld;
  }

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

  #makeSomeSpace(): void {
    try {
      this.#makeSpace();
    } catch (error) {
      // There was not enough space even to make space. The second attempt decides.
      if (!(error instanceof StoreFull)) throw error;
    }
  }

  #claim(): void {
    try {
      // It may have been left by a predecessor.
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
      // Written in full, because a sparse file reserves nothing.
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

/** The disk is full, or this user's quota is used up. */
function isFull(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return code === 'ENOSPC' || code === 'EDQUOT';
}
