import { createHash } from 'node:crypto';
import { Packr, type Options } from 'msgpackr';
import { itemSpan, joinItems, type Frame } from './frame.ts';

/**
 * The codec: MessagePack with records, so that the keys of items of one shape are written once per frame.
 * `Date`, `BigInt` of any size, `Map`, `Set`, bytes, `NaN` and infinities keep their type.
 */
const options: Options = { moreTypes: true, useBigIntExtension: true, copyBuffers: true };

type Shapes = string[][] & { sharedLength?: number };

function packr(shapes?: Shapes): Packr {
  const instance = new Packr({ ...options, ...(shapes && { structures: shapes }) }) as Packr & {
    writeFunction: () => never;
  };
  // Without this a function would silently become null.
  instance.writeFunction = () => {
    throw new TypeError('a function');
  };
  return instance;
}

/** An item that cannot be carried. The message names the place in the item, as `$.a.b[2]`. */
export class ItemError extends TypeError {}

/** Encodes items, one after the other, into frames. */
export class FrameEncoder {
  readonly #maxItemBytes: number;
  readonly #shapes: Shapes = [];
  readonly #packr = packr(this.#shapes);
  #encodedShapes = Buffer.from('[]');
  #encodedShapeCount = 0;
  #items: Buffer[] = [];
  #bytes = 0;

  constructor(limits: { maxItemBytes: number }) {
    this.#maxItemBytes = limits.maxItemBytes;
  }

  /** Items gathered for the next frame. */
  get count(): number {
    return this.#items.length;
  }

  /** Their bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Adds an item. Throws an ItemError, and adds nothing, if it cannot be carried. */
  add(item: unknown): void {
    const encoded = this.#encode(item);
    if (encoded.length > this.#maxItemBytes) {
      throw new ItemError(
        `the item takes ${encoded.length} bytes, more than maxItemBytes (${this.#maxItemBytes}); send a reference to the data instead, or raise --max-item-bytes`,
      );
    }
    this.#items.push(encoded);
    this.#bytes += encoded.length;
  }

  /** The gathered items as a frame; the next one starts empty. Throws a RangeError when there are none. */
  take(): Frame {
    if (this.#items.length === 0) throw new RangeError('a frame holds at least one item');
    const shapeCount = this.#shapes.sharedLength ?? 0;
    if (shapeCount !== this.#encodedShapeCount) {
      this.#encodedShapes = Buffer.from(JSON.stringify(this.#shapes.slice(0, shapeCount)));
      this.#encodedShapeCount = shapeCount;
    }
    const frame = joinItems(this.#encodedShapes, this.#items);
    this.#items = [];
    this.#bytes = 0;
    return frame;
  }

  #encode(item: unknown): Buffer {
    if (item === undefined)
      throw new ItemError('the item is undefined; an item is a value: an object, a string, a number…');
    try {
      return this.#packr.pack(item);
    } catch (error) {
      throw new ItemError(`the item cannot be carried to a consumer: ${whatIsWrong(item) ?? (error as Error).message}`);
    }
  }
}

/** Decodes items. Keeps the readers that it made for the shapes seen last. */
export class FrameDecoder {
  // More than one because frames of several producers' lives may be in the queue.
  static readonly #kept = 16;
  readonly #readers = new Map<string, Packr>();
  #shapes: Buffer | undefined;
  #reader: Packr | undefined;

  /** Item `index` of `frame`. */
  decode(frame: Frame, index: number): unknown {
    return this.#readerFor(frame.shapes).unpack(frame.body, itemSpan(frame, index));
  }

  #readerFor(shapes: Buffer): Packr {
    if (this.#reader && this.#shapes && (this.#shapes === shapes || this.#shapes.equals(shapes))) return this.#reader;
    const key = shapes.toString('latin1');
    let reader = this.#readers.get(key);
    if (!reader) {
      reader = packr(JSON.parse(shapes.toString()) as Shapes);
      if (this.#readers.size >= FrameDecoder.#kept) this.#readers.delete(this.#readers.keys().next().value!);
      this.#readers.set(key, reader);
    }
    // A copy: the original is a view into a whole message.
    this.#shapes = Buffer.from(shapes);
    this.#reader = reader;
    return reader;
  }
}

const standalone = packr();

/**
 * A short digest of an item that is the same in every process: SHA-256 of its encoding without shared shapes,
 * the first 16 hexadecimal digits. It tells whether a resumed source yields what it yielded before.
 */
export function itemDigest(item: unknown): string {
  return createHash('sha256').update(standalone.pack(item)).digest('hex').slice(0, 16);
}

/** Finds what in `item` cannot be encoded; undefined if nothing is found. */
function whatIsWrong(item: unknown): string | undefined {
  const open = new Set<unknown>();
  const search = (value: unknown, path: string): string | undefined => {
    if (typeof value === 'function' || typeof value === 'symbol') return `${path} is a ${typeof value}`;
    if (typeof value !== 'object' || value === null) return undefined;
    if (open.has(value)) return `${path} refers back to an object that contains it`;
    if (path.length > 2000) return `it is nested too deeply at ${path.slice(0, 60)}…`;
    open.add(value);
    try {
      for (const key of Object.keys(value)) {
        const at = Array.isArray(value) ? `${path}[${key}]` : `${path}.${key}`;
        let inner: unknown;
        try {
          inner = (value as Record<string, unknown>)[key];
        } catch (error) {
          return `reading ${at} throws: ${String(error)}`;
        }
        const found = search(inner, at);
        if (found) return found;
      }
    } finally {
      open.delete(value);
    }
    return undefined;
  };
  return search(item, '$');
}
