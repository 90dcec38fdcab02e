import { cutFrame, fitItems, type Frame } from '../frame/frame.ts';
import { memoryBytes, type Store, type StoredFrame } from './store.ts';

/** A run of consecutive items of one frame. */
export interface Run {
  stored: StoredFrame;
  /** Seq of the first item of `piece`. */
  from: number;
  piece: Frame;
}

/**
 * The line of frames that have not been lent since the supervisor started. Only its head, the window, is in memory. The
 * rest is read back from the store when its turn comes, so a deep queue costs disk space and no memory.
 */
export class Line {
  readonly #store: Pick<Store, 'readFrames'>;
  readonly #windowBytes: number;
  #window: (StoredFrame | undefined)[] = [];
  #head = 0;
  /** The seq of the next item; it is in the window's first frame. */
  #next: number;
  #bytes = 0;
  /** The last seq that has been in the window, and the last seq that is committed. Items between them are only on disk. */
  #loadedTo: number;
  #storedTo: number;

  constructor(store: Pick<Store, 'readFrames'>, options: { windowBytes: number; storedTo: number }) {
    this.#store = store;
    this.#windowBytes = options.windowBytes;
    this.#loadedTo = 0;
    this.#storedTo = options.storedTo;
    this.#next = 0;
  }

  /** Bytes of frames in memory. */
  get memoryBytes(): number {
    return this.#bytes;
  }

  /** The first seq that has not been lent. */
  get nextSeq(): number {
    this.#refill();
    const first = this.#window[this.#head];
    return first ? Math.max(this.#next, first.first) : this.#storedTo + 1;
  }

  /** Adds a committed frame. It is kept in memory only if it directly follows the window and fits. */
  push(stored: StoredFrame): void {
    const size = memoryBytes(stored.frame);
    if (this.#loadedTo === this.#storedTo && this.#bytes + size <= this.#windowBytes) {
      this.#window.push(stored);
      this.#bytes += size;
      this.#loadedTo = lastOf(stored);
    }
    this.#storedTo = lastOf(stored);
  }

  /** Takes the next run: at most `items` items and `bytes` bytes (but at least one item), all from one frame. */
  take(items: number, bytes: number): Run | undefined {
    for (;;) {
      this.#refill();
      const stored = this.#window[this.#head];
      if (!stored) return undefined;
      const gap = stored.settled.gaps(Math.max(this.#next, stored.first), lastOf(stored)).next();
      if (gap.done) {
        this.#dropFirst();
        continue;
      }
      const [from, to] = gap.value;
      const index = from - stored.first;
      const count = fitItems(stored.frame, index, Math.min(items, to - from + 1), bytes);
      this.#next = from + count;
      // What follows in the frame may have been settled before the start. Nobody would come to take it.
      if (stored.settled.gaps(this.#next, lastOf(stored)).next().done) this.#dropFirst();
      return { stored, from, piece: cutFrame(stored.frame, index, count) };
    }
  }

  #dropFirst(): void {
    this.#bytes -= memoryBytes(this.#window[this.#head]!.frame);
    // Frees the frame at once; its slot in the array is freed below.
    this.#window[this.#head] = undefined;
    this.#head++;
    // Array.shift() moves all elements at each call; this moves half of them, and only occasionally.
    if (this.#head * 2 >= this.#window.length) {
      this.#window = this.#window.slice(this.#head);
      this.#head = 0;
    }
  }

  #refill(): void {
    if (this.#loadedTo >= this.#storedTo || this.#bytes > this.#windowBytes / 2) return;
    const frames = this.#store.readFrames(this.#loadedTo, this.#windowBytes - this.#bytes);
    for (const stored of frames) {
      this.#window.push(stored);
      this.#bytes += memoryBytes(stored.frame);
      this.#loadedTo = lastOf(stored);
    }
    // Nothing is left on disk: the later frames had been settled before the start.
    if (frames.length === 0) this.#loadedTo = this.#storedTo;
  }
}

function lastOf({ first, frame }: StoredFrame): number {
  return first + frame.count - 1;
}
