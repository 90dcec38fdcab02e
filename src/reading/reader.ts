import type { Clock } from '../core/clock.ts';
import { configError } from '../core/errors.ts';
import { FrameDecoder, FrameEncoder, itemDigest } from '../frame/codec.ts';
import type { SourcePosition } from '../frame/position.ts';
import type { Outlet } from './outlet.ts';

/** After this long without one, the event loop gets its turn: a source that never waits must not make us deaf. */
const turnMs = 5;

export interface ReaderOptions {
  clock: Clock;
  /** Opens the source at a cursor (undefined: at its start). */
  open: (cursor: unknown, checkpoint: (cursor: unknown) => void) => Iterable<unknown> | AsyncIterable<unknown>;
  position: SourcePosition;
  /** False: the source may yield something else than it did, so nothing is skipped. */
  deterministic: boolean;
  outlet: Outlet;
  /** The gate that the supervisor's throttle closes. */
  throttle: { readonly isOn: boolean; lowered: () => Promise<void> };
}

/**
 * Reads the source from where it stood to its end, into the outlet.
 *
 * The place of an item is the last checkpoint and how many items the source has yielded since, skipped ones included.
 * It is a counter, never a difference of seqs: a checkpoint may fall inside the skipped items.
 */
export class Reader {
  readonly #options: ReaderOptions;
  #cursor: string | null;
  #count = 0;
  #isStopped = false;
  #iterator: Iterator<unknown> | AsyncIterator<unknown> | undefined;

  constructor(options: ReaderOptions) {
    this.#options = options;
    this.#cursor = options.position.cursor;
  }

  /** The source's place after what it has yielded so far. */
  get position(): SourcePosition {
    return { cursor: this.#cursor, count: this.#count, digest: null };
  }

  /** Reads to the end. Resolves to false if it was stopped before. Rejects if the source throws or yields what cannot be carried. */
  async read(): Promise<boolean> {
    const { clock, open, position, outlet, throttle } = this.#options;
    const cursor: unknown = position.cursor === null ? undefined : JSON.parse(position.cursor);
    const source = open(cursor, (next) => this.#checkpoint(next));
    const iterator = iteratorOf(source);
    this.#iterator = iterator;
    await this.#skip(iterator);

    let turnedAt = clock.now();
    while (!this.#isStopped) {
      if (throttle.isOn) await throttle.lowered();
      if (outlet.isFull) await outlet.hasRoom();
      if (this.#isStopped) break;
      let step = iterator.next();
      if (isPromise(step)) step = await step;
      // What came after the stop was never stored, so it comes again.
      if (this.#isStopped) break;
      if (step.done) return true;
      this.#take(step.value);
      if (clock.now() - turnedAt > turnMs) {
        await new Promise<void>((resolve) => clock.soon(resolve));
        turnedAt = clock.now();
      }
    }
    return false;
  }

  /** Reads no further. What is under way in the source is dropped; it is told to clean up. */
  stop(): void {
    this.#isStopped = true;
    // The source may be waiting for something that never comes; nobody waits for its clean-up.
    void Promise.resolve(this.#iterator?.return?.()).catch(() => undefined);
  }

  #take(item: unknown): void {
    this.#count += 1;
    try {
      this.#options.outlet.add(item, { cursor: this.#cursor, count: this.#count });
    } catch (error) {
      throw configError(
        'ITEM',
        `item ${this.#count}${this.#cursor === null ? '' : ` after the cursor ${this.#cursor}`} of the source: ${(error as Error).message}`,
        error,
      );
    }
  }

  #checkpoint(cursor: unknown): void {
    const text = JSON.stringify(cursor) as string | undefined;
    if (text === undefined)
      throw new TypeError('checkpoint expects a cursor that JSON can hold, got undefined or a function');
    this.#cursor = text;
    this.#count = 0;
    this.#options.outlet.covered({ cursor: text, count: 0 });
  }

  /** Passes over what is stored already. */
  async #skip(iterator: Iterator<unknown> | AsyncIterator<unknown>): Promise<void> {
    const { position, deterministic } = this.#options;
    if (!deterministic) return;
    for (let skipped = 1; skipped <= position.count && !this.#isStopped; skipped++) {
      const step = await iterator.next();
      if (step.done) throw changedSource(`it ended after ${skipped - 1} items, ${position.count} had been stored`);
      this.#count += 1;
      if (skipped === position.count && position.digest !== null && digestOf(step.value) !== position.digest) {
        throw changedSource(`item ${skipped} is not the one that was stored as that`);
      }
    }
  }
}

/** The digest of an item as a consumer would see it. */
function digestOf(item: unknown): string {
  const encoder = new FrameEncoder({ maxItemBytes: Infinity });
  encoder.add(item);
  return itemDigest(new FrameDecoder().decode(encoder.take(), 0));
}

function changedSource(what: string): Error {
  return configError(
    'SOURCE_CHANGED',
    `the source does not yield what it yielded before: ${what}. Resumed by counting, items would be lost or come twice. ` +
      'Give it checkpoints (context.checkpoint), or `deterministic: false`, or start over with --fresh (the old queue is moved aside).',
  );
}

function iteratorOf(source: Iterable<unknown> | AsyncIterable<unknown>): Iterator<unknown> | AsyncIterator<unknown> {
  if (Symbol.asyncIterator in source) return source[Symbol.asyncIterator]();
  return source[Symbol.iterator]();
}

function isPromise(
  step: IteratorResult<unknown> | Promise<IteratorResult<unknown>>,
): step is Promise<IteratorResult<unknown>> {
  return typeof (step as { then?: unknown }).then === 'function';
}
