/**
 * Items as bytes: MessagePack with records, so that the keys of items of one shape are written once per frame.
 *
 * `Date`, `BigInt` of any size, `Map`, `Set`, `RegExp`, `Error`, bytes, `NaN` and infinities keep their type. An
 * instance of a class becomes a plain object, or what its `toJSON` gives; -0 becomes 0. What cannot be carried is
 * refused.
 */
import { Packr, REUSE_BUFFER_MODE, type Options } from 'msgpackr';
// A place for its own native helper, and so not among what its package exports.
import { setExtractor as readTextsBy } from '../../node_modules/msgpackr/unpack.js';
import { requireCarriable, requireTexts } from './carriable.ts';
import { firstShape } from './first-bytes.ts';
import { areKeysOfData, notFlat, writeFlatRecord } from './flat-record.ts';
import { textsAt } from './texts.ts';

declare module '../../node_modules/msgpackr/unpack.js' {
  export function setExtractor(extract: (start: number, end: number, buffer: ArrayBufferLike) => string): void;
}

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
  readonly #shapes: Shapes;
  /** The shape of the item that was written last, if that is one of `#shapes`. */
  #shape: number | undefined;
  /** For each shape the one of the item that followed the last time, if that was flat. */
  readonly #next: (number | undefined)[] = [];
  /** Shapes of which an item of this frame was not flat. */
  readonly #nested = new Set<number>();
  #buffer = Buffer.allocUnsafeSlow(2 * roomToBegin);
  #end = 0;

  constructor(shapes: Shapes, maxItemBytes: number) {
    let shapeBytes = 0;
    this.#shapes = shapes;
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
    if (this.#writeFlat(item)) return;
    requireTexts(item);
    if (this.#buffer.length - this.#end < roomToBegin) this.#grow(0);
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
    this.#follow(this.#shapeOf(this.#buffer[this.#end]!));
    this.#end += length;
  }

  /** The items written since the last time. */
  take(): Buffer {
    const body = this.#buffer.subarray(0, this.#end);
    // The next frame will be about as large.
    this.#buffer = Buffer.allocUnsafeSlow(this.#end + (this.#end >> 3) + 2 * roomToBegin);
    this.#end = 0;
    this.#nested.clear();
    return body;
  }

  /** Writes an item that is of the shape to be expected, and flat. Returns false, and has written nothing, for others. */
  #writeFlat(item: unknown): boolean {
    const shape = this.#shape === undefined ? undefined : this.#next[this.#shape];
    if (shape === undefined || typeof item !== 'object' || item === null) return false;
    const start = this.#end;
    const end = writeFlatRecord(item, { keys: this.#shapes[shape]!, shape, into: this.#buffer, start });
    if (end === notFlat) this.#nested.add(shape);
    if (end < 0 || end - start > this.#maxItemBytes) return false;
    this.#shape = shape;
    this.#end = end;
    return true;
  }

  #follow(shape: number | undefined): void {
    const isFlat = shape !== undefined && !this.#nested.has(shape) && areKeysOfData(this.#shapes[shape]!);
    if (this.#shape !== undefined) this.#next[this.#shape] = isFlat ? shape : undefined;
    this.#shape = shape;
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

  /** The shape of an item that begins with this byte. */
  #shapeOf(first: number): number | undefined {
    const shape = first - firstShape;
    return shape >= 0 && shape < (this.#shapes.sharedLength ?? 0) ? shape : undefined;
  }

  #grow(bytes: number): void {
    const grown = Buffer.allocUnsafeSlow(2 * this.#buffer.length + bytes + roomToBegin);
    this.#buffer.copy(grown, 0, 0, this.#end);
    this.#buffer = grown;
  }
}

/** What msgpackr has written into, and where in it: the buffer that it was given, unless there was no room for the item. */
type Packed = Buffer & { start: number; end: number };

function tooLarge(bytes: string, maxItemBytes: number): string {
  return `it takes ${bytes} bytes, more than maxItemBytes (${maxItemBytes}); send a reference to the data instead, or raise --max-item-bytes`;
}

const nothing: Buffer = Buffer.alloc(0);

/** The body that is being read. */
let source = nothing;

readTextsBy((start, end, buffer) => {
  const bytes = source.buffer === buffer ? source : Buffer.from(buffer);
  return textsAt(bytes, start - bytes.byteOffset, end - bytes.byteOffset);
});

/** Returns what decodes the items of frames with these shapes: item `start`…`end` of a body. Throws for other bytes. */
export function itemReader(shapes: Shapes): (body: Buffer, span: { start: number; end: number }) => unknown {
  const packr = new Packr({ ...options, structures: shapes });
  return (body, span) => {
    source = body;
    try {
      return packr.unpack(body, span) as unknown;
    } finally {
      source = nothing; // It may be large.
    }
  };
}

const standalone = new Packr(options);

/** Encodes an item with its keys in it: the same bytes for the same item, whatever was encoded before. */
export function writeAlone(item: unknown): Buffer {
  return standalone.pack(item);
}
