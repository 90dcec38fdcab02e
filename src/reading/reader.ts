import type { Clock } from '../core/clock.ts';
import type { SourcePosition } from '../frame/position.ts';
import { cursorFrom, cursorText } from '../core/cursor-text.ts';
import { handOver } from './hand-over.ts';
import { cleanUp, isDone, isPromise, iteratorOf, type SourceIterator } from './iterators.ts';
import type { Outlet } from './outlet.ts';
import { changedSource, checkLastSkipped, digestOf } from './skipped.ts';
import { Turn } from './turn.ts';

export interface ReadingOptions {
  clock: Clock;
  position: SourcePosition;
  /** False: the source may yield different items than before, so nothing is skipped. */
  deterministic: boolean;
  outlet: Outlet;
  /** The gate that the supervisor's throttle closes. */
  throttle: { readonly isOn: boolean; lowered: () => Promise<void> };
}

/** Reads a source into an outlet, from its stored position to its end. */
export interface SourceReader {
  /** The source's position after what it has yielded so far. */
  readonly position: SourcePosition;
  /**
   * Reads to the end. Resolves to false if it was stopped before. Rejects if the source throws, and with an error for
   * exit 78 if it is not a source, yields a value that cannot be carried, or differs from the source that was read
   * before.
   */
  read(): Promise<boolean>;
  /**
   * Reads no further. Work in progress in the source is dropped; the source is asked to clean up, without waiting for
   * it.
   */
  stop(): void;
}

export interface ReaderOptions extends ReadingOptions {
  /** Opens the source at a cursor (undefined: at its start). The result comes from the pipeline and can be anything. */
  open: (cursor: unknown, checkpoint: (cursor: unknown) => void) => unknown;
}

/**
 * Reads a source that yields items one by one: a generator function, or anything iterable.
 *
 * The place of an item is the last checkpoint and how many items the source has yielded since, skipped ones included.
 * It is a counter, never a difference of seqs: a checkpoint may fall inside the skipped items.
 */
export class Reader implements SourceReader {
  readonly #options: ReaderOptions;
  #cursor: string | null;
  #count = 0;
  #isStopped = false;
  #iterator: SourceIterator | undefined;
  readonly #turn: Turn;

  constructor(options: ReaderOptions) {
    this.#options = options;
    this.#cursor = options.position.cursor;
    this.#turn = new Turn(options.clock);
  }

  get position(): SourcePosition {
    return { cursor: this.#cursor, count: this.#count, digest: null };
  }

  async read(): Promise<boolean> {
    const { open, position, outlet, throttle } = this.#options;
    const iterator = iteratorOf(open(cursorFrom(position.cursor), (next) => this.#checkpoint(next)));
    this.#iterator = iterator;
    await this.#skip(iterator);

    while (!this.#isStopped) {
      // Waiting for one of them takes time in which the other may change.
      if (throttle.isOn || outlet.isFull) {
        await throttle.lowered();
        await outlet.hasSpace();
        continue;
      }
      let step = iterator.next();
      if (isPromise(step)) step = await step;
      // Items after the stop were never stored, so they come again.
      if (this.#isStopped) break;
      if (isDone(step)) return true;
      this.#take(step.value);
      if (this.#turn.isOver()) await this.#turn.pass();
    }
    return false;
  }

  stop(): void {
    this.#isStopped = true;
    cleanUp(this.#iterator);
  }

  #take(item: unknown): void {
    this.#count += 1;
    handOver(this.#options.outlet, item, { cursor: this.#cursor, count: this.#count });
  }

  #checkpoint(cursor: unknown): void {
    // A source that cleans up may set a checkpoint after an item that was in progress when it was stopped and that is
    // not stored.
    if (this.#isStopped) return;
    this.#cursor = cursorText(cursor);
    this.#count = 0;
    const { outlet, deterministic } = this.#options;
    outlet.covered({ cursor: this.#cursor, count: 0 }, { isSentAlone: !deterministic });
  }

  /** Skips what is already stored. */
  async #skip(iterator: SourceIterator): Promise<void> {
    const { position, deterministic } = this.#options;
    if (!deterministic) return;
    for (let skipped = 1; skipped <= position.count && !this.#isStopped; skipped++) {
      let step = iterator.next();
      if (isPromise(step)) step = await step;
      if (this.#isStopped) return;
      if (isDone(step)) throw changedSource(`it ended after ${skipped - 1} items, but ${position.count} are stored`);
      this.#count += 1;
      if (skipped === position.count) checkLastSkipped(position, () => digestOf(step.value));
      if (this.#turn.isOver()) await this.#turn.pass();
    }
  }
}
