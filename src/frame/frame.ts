import { endianness } from 'node:os';

/**
 * A frame: consecutive items together, the unit that is stored and sent.
 *
 *     shapes   needed to read the items: the record shapes (lists of keys) that encoded items refer to, or what raw
 *              records are decoded with (records.ts)
 *     ends     count × u32 little-endian: where each item ends in the body, counted from the frame's first byte
 *     body     the items, one after another
 *
 * `ends` says where each item is, and `shapes` goes with every piece. So any run of items can be cut out and sent
 * without reading, let alone decoding, any of them. A piece's `ends` are not rewritten: they still count from the first
 * byte of the original frame, and `base` says how many bytes were cut off before the piece.
 */
export interface Frame {
  readonly count: number;
  readonly shapes: Buffer;
  readonly ends: Buffer;
  readonly body: Buffer;
  readonly base: number;
}

/** The size of an entry of `ends`, in bytes. */
const endSize = 4;

/** How many bytes the frame takes in the spool and on a channel. */
export function frameBytes(frame: Frame): number {
  return frame.shapes.length + frame.ends.length + frame.body.length;
}

/** Where item `index` begins and ends in `frame.body`. */
export function itemSpan(frame: Frame, index: number): { start: number; end: number } {
  return {
    start: index === 0 ? 0 : frame.ends.readUInt32LE((index - 1) * endSize) - frame.base,
    end: frame.ends.readUInt32LE(index * endSize) - frame.base,
  };
}

/** The items `from`…`from + count - 1` as a separate frame. Nothing is copied. */
export function cutFrame(frame: Frame, from: number, count: number): Frame {
  if (from < 0 || count < 1 || from + count > frame.count) {
    throw new RangeError(`cannot cut ${count} items at ${from} from a frame of ${frame.count}`);
  }
  if (count === frame.count) return frame;
  const { start } = itemSpan(frame, from);
  const { end } = itemSpan(frame, from + count - 1);
  return {
    count,
    shapes: frame.shapes,
    ends: frame.ends.subarray(from * endSize, (from + count) * endSize),
    body: frame.body.subarray(start, end),
    base: frame.base + start,
  };
}

/** The number of items from `from` on that fit into `bytes`; at least one, so that a large item is not stuck. */
export function fitItems(frame: Frame, from: number, most: number, bytes: number): number {
  const last = Math.min(frame.count, from + most);
  const { start } = itemSpan(frame, from);
  let low = from + 1;
  let high = last;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if (itemSpan(frame, middle - 1).end - start <= bytes) low = middle;
    else high = middle - 1;
  }
  return low - from;
}

/** Joins encoded items into a frame. */
export function joinItems(shapes: Buffer, items: readonly Buffer[]): Frame {
  let end = 0;
  const ends = encodeEnds(items.map((item) => (end += item.length)));
  return { count: items.length, shapes, ends, body: Buffer.concat(items, end), base: 0 };
}

const isLittleEndian = endianness() === 'LE';

/** The `ends` of a frame. */
export function encodeEnds(ends: readonly number[]): Buffer {
  const encoded = Buffer.from(Uint32Array.from(ends).buffer);
  return isLittleEndian ? encoded : encoded.swap32();
}

/** The description of a frame in a message's header. The payload holds its three parts, one after another. */
export interface FrameHeader {
  count: number;
  shapes: number;
  base: number;
}

/** The frame's description and the parts of its payload, in order. */
export function frameToPayload(frame: Frame): { header: FrameHeader; parts: Buffer[] } {
  return {
    header: { count: frame.count, shapes: frame.shapes.length, base: frame.base },
    parts: [frame.shapes, frame.ends, frame.body],
  };
}

/** The frame in `payload`. Throws a RangeError if the description and the bytes do not match. */
export function frameFromPayload(header: FrameHeader, payload: Buffer): Frame {
  const { count, shapes, base } = header;
  const bodyAt = shapes + count * endSize;
  if (![count, shapes, base].every((n) => Number.isSafeInteger(n) && n >= 0) || count < 1 || bodyAt > payload.length) {
    throw new RangeError(`a frame of ${count} items does not fit into ${payload.length} bytes`);
  }
  const frame: Frame = {
    count,
    shapes: payload.subarray(0, shapes),
    ends: payload.subarray(shapes, bodyAt),
    body: payload.subarray(bodyAt),
    base,
  };
  let previous = base;
  for (let i = 0; i < count; i++) {
    const end = frame.ends.readUInt32LE(i * endSize);
    // Every value takes at least one byte, even `null`.
    if (end <= previous) throw new RangeError(`item ${i} of a frame ends where it begins, or before`);
    previous = end;
  }
  if (previous - base !== frame.body.length) {
    throw new RangeError(`a frame's items take ${previous - base} bytes, its body has ${frame.body.length}`);
  }
  return frame;
}
