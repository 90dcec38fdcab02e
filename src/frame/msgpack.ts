/**
 * Items as bytes: MessagePack with records, so that the keys of items of one shape are written once per frame.
 *
 * `Date`, `BigInt` of any size, `Map`, `Set`, `RegExp`, `Error`, bytes, `NaN` and infinities keep their type. An
 * instance of a class becomes a plain object, or the result of its `toJSON`; -0 becomes 0. Values that cannot be carried
 * are refused.
 */
import { Packr, REUSE_BUFFER_MODE, type Options } from 'msgpackr';
// This is meant for its own native helper, and therefore not exported by its package.
import { setExtractor as readTextsBy } from '../../node_modules/msgpackr/unpack.js';
import { requireCarriable, requireTexts } from './carriable.ts';
import { firstShape } from './first-bytes.ts';
import { areKeysOfData, notFlat, writeFlatRecord } from './flat-record.ts';
import { textsAt } from './texts.ts';

declare module '../../node_modules/msgpackr/unpack.js' {
  export function setExtractor(extract: (start: number, end: number, buffer: ArrayBufferLike) => string): void;
}

const options: Options = { moreTypes: true, useBigIntExtension: true, copyBuffers: true };

/** Lists of keys. The first `sharedLength` lists are sent with a frame; the others are written in the items themselves. */
export type Shapes = string[][] & { sharedLength?: number };

/**
 * How many bytes of keys the shapes of a frame may take. Shapes are sent with every piece of the frame, so items with a
 * thousand keys that are never the same must not fill them. Beyond this limit, an item carries its own keys.
 */
const maxShapeBytes = 8192;

/** The space that msgpackr needs at the end of its buffer before it begins an item in it, and a little more. */
const spaceToBegin = 4096;

/** The buffer that msgpackr has between items. */
const scratch = Buffer.allocUnsafeSlow(spaceToBegin);

/**
 * Encodes items one after another into one buffer, and adds the shapes that it meets to `shapes`. A separate buffer for each
 * item would have to be copied and take twice the memory.
 */
export class ItemWriter {
  readonly #packr: Packr & { writeFunction?: () => never };
  readonly #maxItemBytes: number;
  readonly #shapes: Shapes;
  /** The shape of the last item, if it is one of `#shapes`. */
  #shape: number | undefined;
  /** For each shape, the shape of the item that followed it last time, if that item was flat. */
  readonly #next: (number | undefined)[] = [];
  /** Shapes that had an item in this frame that was not flat. */
  readonly #nested = new Set<number>();
  #buffer = Buffer.allocUnsafeSlow(2 * spaceToBegin);
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
      // It always returns true; but it is called with every object, and can refuse it.
      useRecords: (object: object) => {
        const bytes = this.#packr.position - this.#end;
        // A value that refers to itself would otherwise be written until the stack or the memory is full.
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
   * Writes an item. Throws, without having written anything, for values that cannot be carried, and in the middle of an
   * item that becomes much larger than `maxItemBytes`.
   */
  write(item: unknown): void {
    if (this.#writeFlat(item)) return;
    requireTexts(item);
    if (this.#buffer.length - this.#end < spaceToBegin) this.#grow(0);
    const packed = this.#pack(item);
    const length = packed.end - packed.start;
    if (length > this.#maxItemBytes) throw new RangeError(tooLarge(String(length), this.#maxItemBytes));
    if (packed === this.#buffer) {
      // msgpackr starts at multiples of eight bytes.
      packed.copyWithin(this.#end, packed.start, packed.end);
    } else {
      this.#grow(length);
      packed.copy(this.#buffer, this.#end, packed.start, packed.end);
    }
    this.#follow(this.#shapeOf(this.#buffer[this.#end]!));
    this.#end += length;
  }

  /** Takes out the items that were written since the last call. */
  take(): Buffer {
    const body = this.#buffer.subarray(0, this.#end);
    // The next frame will be about as large.
    this.#buffer = Buffer.allocUnsafeSlow(this.#end + (this.#end >> 3) + 2 * spaceToBegin);
    this.#end = 0;
    this.#nested.clear();
    return body;
  }

  /** Writes an item if it has the expected shape and is flat. Returns false, and has written nothing, for other items. */
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
      // All encoders in this process share msgpackr's buffer. Ours must not stay there.
      packr.useBuffer(scratch);
    }
  }

  /** The shape of an item that starts with this byte. */
  #shapeOf(first: number): number | undefined {
    const shape = first - firstShape;
    return shape >= 0 && shape < (this.#shapes.sharedLength ?? 0) ? shape : undefined;
  }

  #grow(bytes: number): void {
    const grown = Buffer.allocUnsafeSlow(2 * this.#buffer.length + bytes + spaceToBegin);
    this.#buffer.copy(grown, 0, 0, this.#end);
    this.#buffer = grown;
  }
}

/** The buffer that msgpackr has written into, and where in it. It is the given buffer, unless the item did not fit. */
type Packed = Buffer & { start: number; end: number };

function tooLarge(bytes: string, maxItemBytes: number): string {
  return `it takes ${bytes} bytes, more than maxItemBytes (${maxItemBytes}); send a reference to the data instead, or raise --max-item-bytes`;
}

const nothing: Buffer = Buffer.alloc(0);

/** The body that is currently read. */
let source = nothing;

readTextsBy((start, end, buffer) => {
  const bytes = source.buffer === buffer ? source : Buffer.from(buffer);
  return textsAt(bytes, start - bytes.byteOffset, end - bytes.byteOffset);
});

/** Returns a decoder for frames with these shapes, of the item at `start`…`end` of a body. It throws for other bytes. */
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

/** Encodes an item together with its keys. The same item always gives the same bytes, whatever was encoded before. */
export function writeAlone(item: unknown): Buffer {
  return standalone.pack(item);
}
