import { Intervals } from '../core/intervals.ts';
import { frameBytes } from '../frame/frame.ts';
import type { FrameProgress, StoredFrame } from './store.ts';

/** A frame that has been lent at least in part and is not completely settled. Its items are in the store, not here. */
export interface OpenFrame extends FrameProgress {
  readonly bytes: number;
}

/** The open frames, in the order of their seqs, and which of them have changed since the last commit. */
export class OpenFrames {
  // Frames are opened in the order of the line, so insertion order is the order of seqs.
  readonly #frames = new Map<number, OpenFrame>();
  readonly #changed = new Set<OpenFrame>();

  get size(): number {
    return this.#frames.size;
  }

  /** Opens a frame, or returns it if it is open. */
  open({ first, frame, settled }: StoredFrame): OpenFrame {
    let open = this.#frames.get(first);
    if (!open) {
      open = { first, count: frame.count, bytes: frameBytes(frame), settled };
      this.#frames.set(first, open);
    }
    return open;
  }

  /** Settles `from`…`to`. Returns true if that completes the frame. */
  settle(frame: OpenFrame, from: number, to: number): boolean {
    frame.settled.add(from, to);
    this.#changed.add(frame);
    if (frame.settled.size < frame.count) return false;
    this.#frames.delete(frame.first);
    return true;
  }

  /** The lowest seq that is not settled; undefined when nothing is open. */
  get lowestUnsettled(): number | undefined {
    for (const { first, count, settled } of this.#frames.values()) {
      for (const [from] of settled.gaps(first, first + count - 1)) return from;
    }
    return undefined;
  }

  /** The frames that have changed since `clearChanged` was called. */
  get changed(): FrameProgress[] {
    return [...this.#changed];
  }

  clearChanged(): void {
    this.#changed.clear();
  }
}

/** A frame that has just been stored: none of its items is settled. */
export function fresh(first: number, frame: StoredFrame['frame']): StoredFrame {
  return { first, frame, settled: new Intervals() };
}
