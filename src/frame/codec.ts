import { parseJson, writeJson } from '../core/json.ts';
import { createHash } from 'node:crypto';
import { findFlaw } from './carriable.ts';
import { encodeEnds, itemSpan, type Frame } from './frame.ts';
import { ItemError } from './item-error.ts';
import { itemReader, ItemWriter, writeAlone, type Shapes } from './msgpack.ts';

/** Encodes items, one after another, into frames. */
export class FrameEncoder {
  readonly #shapes: Shapes = [];
  readonly #writer: ItemWriter;
  #encodedShapes = Buffer.from('[]');
  #encodedShapeCount = 0;
  #ends: number[] = [];

  constructor(limits: { maxItemBytes: number }) {
    this.#writer = new ItemWriter(this.#shapes, limits.maxItemBytes);
  }

  /** How many items are collected for the next frame. */
  get count(): number {
    return this.#ends.length;
  }

  /** Their bytes. */
  get bytes(): number {
    return this.#writer.end;
  }

  /** Adds an item. Throws an ItemError, and adds nothing, if it cannot be carried. */
  add(item: unknown): void {
    if (item === undefined) {
      throw new ItemError('the item is undefined; an item is a value: an object, a string, a number…');
    }
    try {
      this.#writer.write(item);
    } catch (error) {
      throw new ItemError(`the item cannot be carried to a consumer: ${findFlaw(item) ?? (error as Error).message}`);
    }
    this.#ends.push(this.#writer.end);
  }

  /** Returns the collected items as a frame; the next frame starts empty. Throws a RangeError if there are no items. */
  take(): Frame {
    const count = this.#ends.length;
    if (count === 0) throw new RangeError('a frame holds at least one item');
    const shapeCount = this.#shapes.sharedLength ?? 0;
    if (shapeCount !== this.#encodedShapeCount) {
      this.#encodedShapes = Buffer.from(writeJson(this.#shapes.slice(0, shapeCount)));
      this.#encodedShapeCount = shapeCount;
    }
    const ends = encodeEnds(this.#ends);
    this.#ends = [];
    return { count, shapes: this.#encodedShapes, ends, body: this.#writer.take(), base: 0 };
  }
}

/** Decodes items. Keeps the readers for the shapes that it saw last. */
export class FrameDecoder {
  // More than one, because the queue may hold frames of several producer processes.
  static readonly #kept = 16;
  readonly #readers = new Map<string, ReturnType<typeof itemReader>>();

  /**
   * Item `index` of `frame`. For one or two items; for more, `reader` is faster. Throws an Error if an encoder did not write
   * the frame's bytes.
   */
  decode(frame: Frame, index: number): unknown {
    return this.reader(frame)(index);
  }

  /** Returns a function that decodes item `index` of `frame`. It throws as `decode` does. */
  reader(frame: Frame): (index: number) => unknown {
    let read: ReturnType<typeof itemReader> | undefined;
    return (index) => (read ??= this.#readerFor(frame.shapes))(frame.body, itemSpan(frame, index));
  }

  #readerFor(shapes: Buffer): ReturnType<typeof itemReader> {
    const key = shapes.toString('latin1');
    let reader = this.#readers.get(key);
    if (!reader) {
      reader = itemReader(parseShapes(shapes));
      if (this.#readers.size >= FrameDecoder.#kept) this.#readers.delete(this.#readers.keys().next().value!);
      this.#readers.set(key, reader);
    }
    return reader;
  }
}

function parseShapes(bytes: Buffer): Shapes {
  const shapes: unknown = parseJson(bytes.toString());
  if (isListOf(shapes, (keys) => isListOf(keys, (key) => typeof key === 'string'))) return shapes as Shapes;
  throw new RangeError(`a frame's shapes are not lists of keys: ${writeJson(shapes).slice(0, 200)}`);
}

function isListOf(value: unknown, isElement: (element: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(isElement);
}

/**
 * A short digest of an item that is the same in every process: SHA-256 of its encoding without shared shapes,
 * the first 16 hexadecimal digits. It shows whether a resumed source yields the same item as before.
 */
export function itemDigest(item: unknown): string {
  return bytesDigest(writeAlone(item));
}

/** The same for a raw record: a digest of its bytes. */
export function bytesDigest(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex').slice(0, 16);
}
