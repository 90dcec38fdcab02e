import { configError } from '../core/errors.ts';
import type { SourcePosition } from '../frame/position.ts';
import type { Chunk, ItemChunk, OpenSource, RecordChunk } from '../sources/port.ts';
import { checkedChunk, spansOf, type RecordSpan } from './chunk.ts';
import { cursorText } from '../core/cursor-text.ts';
import { handOver } from './hand-over.ts';
import { cleanUp, isDone, isPromise, iteratorOf, type SourceIterator } from './iterators.ts';
import type { ReadingOptions, SourceReader } from './reader.ts';
import { changedSource, checkLastSkipped, digestOf, recordDigest } from './skipped.ts';
import type { SourcePlace } from './outlet.ts';
import { Turn } from './turn.ts';

export interface ChunkReaderOptions extends ReadingOptions {
  /** Open, at the position's cursor. */
  source: Pick<OpenSource, 'read'>;
  kind: string;
  maxItemBytes: number;
}

/**
 * Reads a source that yields chunks.
 *
 * The cursor of a chunk holds after its last item; the items before that are counted from the last cursor, skipped ones
 * included. So a frame may end anywhere in a chunk, and a successor continues there.
 */
export class ChunkReader implements SourceReader {
  readonly #options: ChunkReaderOptions;
  #cursor: string | null;
  #count = 0;
  /** The number of items that are already stored and are skipped. */
  #toSkip: number;
  #isStopped = false;
  #iterator: SourceIterator | undefined;
  readonly #turn: Turn;

  constructor(options: ChunkReaderOptions) {
    this.#options = options;
    const { position, deterministic, clock } = options;
    this.#cursor = position.cursor;
    this.#toSkip = deterministic ? position.count : 0;
    this.#turn = new Turn(clock);
  }

  get position(): SourcePosition {
    return { cursor: this.#cursor, count: this.#count, digest: null };
  }

  async read(): Promise<boolean> {
    const iterator = iteratorOf(this.#options.source.read());
    this.#iterator = iterator;
    while (await this.#mayGoOn()) {
      let step = iterator.next();
      if (isPromise(step)) step = await step;
      // Items after the stop were never stored, so they come again.
      if (this.#isStopped) break;
      if (isDone(step)) {
        this.#requireAllSkipped();
        return true;
      }
      const chunk = checkedChunk(step.value);
      if ('items' in chunk) await this.#takeItems(chunk);
      else await this.#takeRecords(chunk);
    }
    return false;
  }

  stop(): void {
    this.#isStopped = true;
    cleanUp(this.#iterator);
  }

  async #takeItems(chunk: ItemChunk): Promise<void> {
    const { outlet } = this.#options;
    const { items } = chunk;
    const count = items.length;
    const cursor = cursorOf(chunk);
    const start = this.#skip(count, (index) => digestOf(items[index]));
    for (let i = start; i < count; i++) {
      const mayGoOn = this.#mayGoOn();
      if (mayGoOn !== true && !(await mayGoOn)) return;
      this.#count += 1;
      const at = this.#placeAfter(undefined);
      handOver(outlet, items[i], i + 1 === count ? this.#placeAfter(cursor) : at, at);
    }
    this.#reached(cursor, start < count);
  }

  async #takeRecords(chunk: RecordChunk): Promise<void> {
    const { outlet, kind, maxItemBytes } = this.#options;
    const cursor = cursorOf(chunk);
    const spans = spansOf(chunk, kind, maxItemBytes);
    const last = spans.at(-1);
    let hasTaken = false;
    for (const span of spans) {
      const { records, to } = span;
      outlet.startRecords();
      let next = span.from + this.#skip(to - span.from, (index) => digestIn(span, index));
      while (next < to) {
        const mayGoOn = this.#mayGoOn();
        if (mayGoOn !== true && !(await mayGoOn)) return;
        const taken = outlet.fitting(records, next, to);
        this.#count += taken;
        const isLast = span === last && next + taken === to;
        outlet.addRecords(records, next, next + taken, this.#placeAfter(isLast ? cursor : undefined));
        hasTaken = true;
        next += taken;
      }
    }
    this.#reached(cursor, hasTaken);
  }

  /** True if the next item may be taken at once; otherwise resolves when it may, to false if the reader was stopped. */
  #mayGoOn(): true | Promise<boolean> {
    const isTurnOver = this.#turn.isOver();
    const { throttle, outlet } = this.#options;
    if (!isTurnOver && !throttle.isOn && !outlet.isFull && !this.#isStopped) return true;
    return this.#pause(isTurnOver);
  }

  async #pause(isTurnOver: boolean): Promise<boolean> {
    const { throttle, outlet } = this.#options;
    if (isTurnOver) await this.#turn.pass();
    // Waiting for one of them takes time in which the other may change.
    while (!this.#isStopped && (throttle.isOn || outlet.isFull)) {
      await throttle.lowered();
      await outlet.hasSpace();
    }
    return !this.#isStopped;
  }

  /** The place after what has been counted so far, which `cursor`, if it is one, covers. */
  #placeAfter(cursor: string | undefined): SourcePlace {
    return cursor === undefined ? { cursor: this.#cursor, count: this.#count } : { cursor, count: 0 };
  }

  /** The chunk is over. Its cursor has been sent with its last item, if that `isSent`. */
  #reached(cursor: string | undefined, isSent: boolean): void {
    if (cursor === undefined) return;
    this.#cursor = cursor;
    this.#count = 0;
    // While items are skipped, the stored position is ahead of this one.
    if (!isSent && this.#toSkip === 0) this.#options.outlet.covered({ cursor, count: 0 }, { isSentAlone: true });
  }

  /** Skips those of the next `count` items that are already stored. Returns how many it has skipped. */
  #skip(count: number, digest: (index: number) => string | undefined): number {
    if (this.#toSkip === 0) return 0;
    const skipped = Math.min(this.#toSkip, count);
    this.#toSkip -= skipped;
    this.#count += skipped;
    if (this.#toSkip === 0) checkLastSkipped(this.#options.position, () => digest(skipped - 1));
    return skipped;
  }

  #requireAllSkipped(): void {
    if (this.#toSkip === 0) return;
    const { count } = this.#options.position;
    throw changedSource(`it ended after ${count - this.#toSkip} items, ${count} had been stored`);
  }
}

function digestIn({ records: { bytes, ends }, from }: RecordSpan, index: number): string {
  const at = from + index;
  return recordDigest(bytes.subarray(at === 0 ? 0 : ends[at - 1]!, ends[at]));
}

/** The chunk's cursor as JSON; undefined if it has none. Throws an error for exit 78 if it cannot be a cursor. */
function cursorOf({ cursor }: Pick<Chunk, 'cursor'>): string | undefined {
  if (cursor === undefined) return undefined;
  try {
    return cursorText(cursor, 'a chunk');
  } catch (error) {
    throw configError('SOURCE', `source: ${(error as Error).message}`, error);
  }
}
