import type { Frame } from '../frame/frame.ts';
import { frameOfItem } from '../frame/records.ts';
import type { Store, StoredFrame } from './store.ts';

/** Reads items that must be in the store. */
export class StoredItems {
  readonly #store: Pick<Store, 'readFrameOf' | 'readRetry'>;
  /** Items that come back one by one are often of the same frame. */
  #lastRead: StoredFrame | undefined;

  constructor(store: Pick<Store, 'readFrameOf' | 'readRetry'>) {
    this.#store = store;
  }

  /** The frame that holds `seq`. */
  frameOf(seq: number): StoredFrame {
    const last = this.#lastRead;
    if (last && seq >= last.first && seq < last.first + last.frame.count) return last;
    const stored = this.#store.readFrameOf(seq);
    if (!stored) throw new Error(`item ${seq} is not in the store`);
    this.#lastRead = stored;
    return stored;
  }

  /** A single item, cut out of its frame, with everything that is known about it. */
  inFrame(seq: number): Frame {
    const { first, frame } = this.frameOf(seq);
    return frameOfItem(frame, seq - first);
  }

  /** The item of a retry. */
  retry(seq: number): Frame {
    const frame = this.#store.readRetry(seq);
    if (!frame) throw new Error(`the retry of item ${seq} is not in the store`);
    return frame;
  }
}
