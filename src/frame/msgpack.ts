/**
 * Items as bytes: MessagePack with records, so that the keys of items of one shape are written once per frame.
 *
 * `Date`, `BigInt` of any size, `Map`, `Set`, `RegExp`, `Error`, bytes, `NaN` and infinities keep their type. An
 * instance of a class becomes a plain object, or what its `toJSON` gives; -0 becomes 0. What cannot be carried is
 * refused.
 */
// The order matters: see there.
import { restoreTextDecoder } from './keep-byte-order-marks.ts';
import { Packr, type Options } from 'msgpackr';
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

/**
 * Returns what encodes items one by one, adding to `shapes` the shapes that it meets. It throws for what cannot be
 * carried, and in the middle of an item that gets much larger than `maxItemBytes`.
 */
export function itemWriter(shapes: Shapes, maxItemBytes: number): (item: unknown) => Buffer {
  let startedAt = 0;
  let shapeBytes = 0;
  const packr: Packr & { writeFunction?: () => never } = new Packr({
    ...options,
    structures: shapes,
    shouldShareStructure(keys) {
      const bytes = JSON.stringify(keys).length;
      if (shapeBytes + bytes > maxShapeBytes) return false;
      shapeBytes += bytes;
      return true;
    },
    // Always yes; but it is asked about every object, and can refuse it.
    useRecords(object: object) {
      const bytes = packr.position - startedAt;
      // What refers back to itself would otherwise be written until the stack, or before that the memory, is full.
      if (bytes > maxItemBytes) throw new RangeError(tooLarge(`at least ${bytes}`, maxItemBytes));
      requireCarriable(object);
      return true;
    },
  });
  // Without this a function would silently become null.
  packr.writeFunction = () => {
    throw new TypeError('a function');
  };
  return (item) => {
    startedAt = packr.position;
    try {
      requireTexts(item);
      const bytes = packr.pack(item);
      if (bytes.length > maxItemBytes) throw new RangeError(tooLarge(String(bytes.length), maxItemBytes));
      return bytes;
    } catch (error) {
      // It may have grown to a multiple of the largest item.
      packr.useBuffer(Buffer.allocUnsafeSlow(8192));
      throw error;
    }
  };
}

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
