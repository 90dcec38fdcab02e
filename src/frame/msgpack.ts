/**
 * Items as bytes: MessagePack with records, so that the keys of items of one shape are written once per frame.
 *
 * `Date`, `BigInt` of any size, `Map`, `Set`, `RegExp`, `Error`, bytes, `NaN` and infinities keep their type. An
 * instance of a class becomes a plain object, or what its `toJSON` gives; -0 becomes 0. What cannot be carried is
 * refused.
 */
// The order matters: see there.
import { restoreTextDecoder } from './keep-byte-order-marks.ts';
import { Packr, REUSE_BUFFER_MODE, type Options } from 'msgpackr';
import { requireCarriable, requireTexts } from './carriable.ts';

restoreTextDecoder();

const options: Options = { moreTypes: true, useBigIntExtension: true, copyBuffers: true };

/** Lists of keys. The first `sharedLength` of them go with a frame; the others are written in the items themselves. */
export type Shapes = string[][] & { sharedLength?: number };

/**
 * Bytes of keys that shapes may take in a frame. They go with every piece of it, so items with a thousand keys that
 * are never the same must not fill them: beyond this an item carries its keys itself.
 */
const maxShapeBytes = 8192;

/** What msgpackr asks for at the end of its buffer before it begins an item in it, and a little more. */
const roomToBegin = 4096;

/** What msgpackr writes into between items. */
const scratch = Buffer.allocUnsafeSlow(roomToBegin);

/**
 * Encodes items one behind the other into one buffer, adding to `shapes` the shapes that it meets. With a buffer of its
 * own for each item, to be copied together, twice the memory would go through.
 */
export class ItemWriter {
  readonly #packr: Packr & { writeFunction?: () => never };
  readonly #maxItemBytes: number;
  #buffer = Buffer.allocUnsafeSlow(2 * roomToBegin);
  #end = 0;

  constructor(shapes: Shapes, maxItemBytes: number) {
    let shapeBytes = 0;
    this.#maxItemBytes = maxItemBytes;
    this.#packr = new Packr({
      ...options,
      structures: shapes,
      shouldShareStructure(keys) {
        const bytes = JSON.stringify(keys).length;
        if (shapeBytes + bytes > maxShapeBytes) return false;
        shapeBytes += bytes;
        return true;
      },
      // Always yes; but it is asked about every object, and can refuse it.
      useRecords: (object: object) => {
        const bytes = this.#packr.position - this.#end;
        // What refers back to itself would otherwise be written until the stack, or before that the memory, is full.
        if (bytes > maxItemBytes) throw new RangeError(tooLarge(`at least ${bytes}`, maxItemBytes));
        requireCarriable(object);
        return true;
      },
    });
    // Without this a function would silently become null.
    this.#packr.writeFunction = () => {
      throw new TypeError('a function');
    };
  }

  /** Bytes of the items written. */
  get end(): number {
    return this.#end;
  }

  /**
   * Writes an item. Throws, and has written nothing, for what cannot be carried, and in the middle of an item that gets
   * much larger than `maxItemBytes`.
   */
  write(item: unknown): void {
    requireTexts(item);
    if (this.#buffer.length - this.#end < roomToBegin) this.#grow(this.#buffer.length);
    const packed = this.#pack(item);
    const length = packed.end - packed.start;
    if (length > this.#maxItemBytes) throw new RangeError(tooLarge(String(length), this.#maxItemBytes));
    if (packed === this.#buffer) {
      // msgpackr begins at multiples of eight bytes.
      packed.copyWithin(this.#end, packed.start, packed.end);
    } else {
      this.#grow(length);
      packed.copy(this.#buffer, this.#end, packed.start, packed.end);
    }
    this.#end += length;
  }

  /** The items written since the last time. */
  take(): Buffer {
    const body = this.#buffer.subarray(0, this.#end);
    // The next frame will be about as large.
    this.#buffer = Buffer.allocUnsafeSlow(this.#end + (this.#end >> 3) + 2 * roomToBegin);
    this.#end = 0;
    return body;
  }

  #pack(item: unknown): Packed {
    const packr = this.#packr;
    packr.useBuffer(this.#buffer);
    packr.position = this.#end;
    try {
      return packr.pack(item, REUSE_BUFFER_MODE) as Packed;
    } finally {
      // All that encodes in this process writes into the same buffer: ours is not to be left there.
      packr.useBuffer(scratch);
    }
  }

  #grow(bytes: number): void {
    const grown = Buffer.allocUnsafeSlow(this.#buffer.length + bytes + roomToBegin);
    this.#buffer.copy(grown, 0, 0, this.#end);
    this.#buffer = grown;
  }
}

/** What msgpackr has written into, and where in it: the buffer that it was given, unless there was no room for the item. */
type Packed = Buffer & { start: number; end: number };

function tooLarge(bytes: string, maxItemBytes: number): string {
  return `it takes ${bytes} bytes, more than maxItemBytes (${maxItemBytes}); send a reference to the data instead, or raise --max-item-bytes`;
}

/** Returns what decodes the items of frames with these shapes: item `start`…`end` of a body. Throws for other bytes. */
export function itemReader(shapes: Shapes): (body: Buffer, span: { start: number; end: number }) => unknown {
  const packr = new Packr({ ...options, structures: shapes });
  return (body, span) => packr.unpack(body, span) as unknown;
}

const standalone = new Packr(options);

/** Encodes an item with its keys in it: the same bytes for the same item, whatever was encoded before. */
export function writeAlone(item: unknown): Buffer {
  return standalone.pack(item);
}
