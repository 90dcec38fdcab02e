/**
 * Raw records: bytes as a source read them, and where each record ends. In a frame of raw records the body holds the
 * bytes as they are, and instead of the shapes it has what is needed to decode them:
 *
 *     kind     the source's kind: only its decoder can read them
 *     metas    what the decoder is opened with, each once
 *     parts    from which byte on which meta applies, and where that byte was in its file
 *
 * A part begins at an absolute byte of the frame, as `ends` count. So a piece of a frame needs no part rewritten. An
 * item that leaves its frame for good, as a retry or a dead letter, keeps its own meta, and its place is computed at
 * that moment.
 */
import { parseJson, writeJson } from '../core/json.ts';
import { lineFeeds } from '../core/line-feeds.ts';
import { cutFrame, encodeEnds, itemSpan, type Frame } from './frame.ts';

/**
 * Everything that is needed to decode records: plain data that is kept as JSON with them. Records that wait in the
 * queue are decoded with the options that applied when they were read, so nothing that matters may be missing (dialect,
 * header, types).
 */
export interface Meta {
  /** The version of this connector's metas. */
  readonly version: number;
  /**
   * The encoding of the bytes, as a label of the WHATWG Encoding Standard. It is used to show dead letters. Default:
   * `utf-8`.
   */
  readonly encoding?: string | undefined;
  readonly [field: string]: unknown;
}

/** A place in a file. */
export interface Place {
  readonly file: string;
  /** Counted from 0. */
  readonly byte: number;
  /** Counted from 1, by line feeds. */
  readonly line: number;
}

/** Raw records, as a source passes them on. */
export interface Records {
  readonly kind: string;
  readonly bytes: Buffer;
  /** Where each record ends in `bytes`. */
  readonly ends: ArrayLike<number>;
  readonly meta: Meta;
  /** Where `bytes` begin. */
  readonly at?: Place | undefined;
  /** The true length of the only record, if it is oversized. Then `bytes` hold its beginning. */
  readonly length?: number | undefined;
}

/**
 * The first byte of the shapes of a frame of raw records. The shapes of encoded items are a list and begin differently.
 */
const openingBrace = 0x7b;

/** What a frame of raw records has instead of shapes. */
interface Description {
  kind: string;
  metas: Meta[];
  parts: Part[];
}

interface Part {
  /** The part's first byte. */
  from: number;
  /** Index into `metas`. */
  meta: number;
  at?: Place | undefined;
  length?: number | undefined;
}

/** Whether the frame holds raw records, and not encoded items. */
export function holdsRecords({ shapes }: Pick<Frame, 'shapes'>): boolean {
  return shapes[0] === openingBrace;
}

/** The most parts, and bytes of metas, in a frame. They are sent with every piece of it. */
const mostParts = 64;
const mostMetaBytes = 8192;

/** Gathers raw records for a frame. */
export class RecordFramer {
  #kind = '';
  #ends: number[] = [];
  #slices: Buffer[] = [];
  #bytes = 0;
  readonly #metas = new Map<Meta, { index: number; json: string }>();
  #metaBytes = 0;
  #parts: Part[] = [];
  readonly #lines = new LineCount();
  /** The last meta as JSON. Most frames have the same one. */
  #lastJson: { meta: Meta; json: string } | undefined;

  /** Records gathered for the next frame. */
  get count(): number {
    return this.#ends.length;
  }

  /** Their bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  /** False if these records need a frame of their own. Then the gathered records must be sent first. */
  accepts({ kind, meta }: Records): boolean {
    if (this.#ends.length === 0) return true;
    if (kind !== this.#kind || this.#parts.length >= mostParts) return false;
    return this.#metas.has(meta) || this.#metaBytes + this.#jsonOf(meta).length <= mostMetaBytes;
  }

  /** Adds the records `from`…`to - 1`. */
  add(records: Records, from: number, to: number): void {
    const start = from === 0 ? 0 : records.ends[from - 1]!;
    const end = records.ends[to - 1]!;
    this.#kind = records.kind;
    this.#describe(records, start);
    const shift = this.#bytes - start;
    for (let i = from; i < to; i++) this.#ends.push(records.ends[i]! + shift);
    this.#addSlice(records.bytes.subarray(start, end));
    this.#bytes += end - start;
  }

  /** Slices that follow each other in memory become one, which need not be copied. */
  #addSlice(slice: Buffer): void {
    const last = this.#slices.at(-1);
    if (last?.buffer === slice.buffer && last.byteOffset + last.length === slice.byteOffset) {
      this.#slices[this.#slices.length - 1] = Buffer.from(slice.buffer, last.byteOffset, last.length + slice.length);
    } else {
      this.#slices.push(slice);
    }
  }

  /** The gathered records as a frame; the next one starts empty. Throws a RangeError when there are none. */
  take(): Frame {
    const count = this.#ends.length;
    if (count === 0) throw new RangeError('a frame holds at least one record');
    const metas = [...this.#metas.values()].map(({ json }) => json).join(',');
    const shapes = Buffer.from(
      `{"kind":${writeJson(this.#kind)},"metas":[${metas}],"parts":${writeJson(this.#parts)}}`,
    );
    const [first] = this.#slices;
    const body = this.#slices.length === 1 ? first! : Buffer.concat(this.#slices, this.#bytes);
    const frame = { count, shapes, ends: encodeEnds(this.#ends), body, base: 0 };
    this.#ends = [];
    this.#slices = [];
    this.#bytes = 0;
    this.#metas.clear();
    this.#metaBytes = 0;
    this.#parts = [];
    return frame;
  }

  /** Begins a new part here, unless the last part continues at this position with the same meta. */
  #describe(records: Records, start: number): void {
    const { meta, at, length } = records;
    const index = this.#metaIndex(meta);
    const last = this.#parts.at(-1);
    if (last && last.meta === index && last.length === undefined && length === undefined) {
      if (last.at === undefined && at === undefined) return;
      const next = last.at && last.at.byte + this.#bytes - last.from;
      if (last.at && at && last.at.file === at.file && at.byte + start === next) return;
    }
    this.#parts.push({ from: this.#bytes, meta: index, at: at && this.#lines.placeIn(records, start), length });
  }

  #metaIndex(meta: Meta): number {
    const known = this.#metas.get(meta);
    if (known) return known.index;
    const json = this.#jsonOf(meta);
    const index = this.#metas.size;
    this.#metas.set(meta, { index, json });
    this.#metaBytes += json.length;
    return index;
  }

  #jsonOf(meta: Meta): string {
    if (this.#lastJson?.meta !== meta) this.#lastJson = { meta, json: writeJson(meta) };
    return this.#lastJson.json;
  }
}

/** Counts lines while it moves through the records of a chunk, so that each byte is read once. */
class LineCount {
  #records: Records | undefined;
  #start = 0;
  #line = 0;

  placeIn(records: Records, start: number): Place {
    const { at, bytes } = records;
    if (records !== this.#records || start < this.#start) {
      this.#records = records;
      this.#start = 0;
      this.#line = at!.line;
    }
    this.#line += lineFeeds(bytes, this.#start, start);
    this.#start = start;
    return { file: at!.file, byte: at!.byte + start, line: this.#line };
  }
}

/** Where byte `start` of the records was in their file; undefined if that is not known. */
export function placeIn({ at, bytes }: Pick<Records, 'at' | 'bytes'>, start: number): Place | undefined {
  return at && { file: at.file, byte: at.byte + start, line: at.line + lineFeeds(bytes, 0, start) };
}

/** A single raw record. */
export interface LoneRecord {
  kind: string;
  bytes: Buffer;
  meta: Meta;
  /** Where it begins; undefined if that is not known. */
  at: Place | undefined;
  /** Its true length if it is oversized. Then `bytes` hold its beginning. */
  length: number | undefined;
}

/** Record `index` of a frame, with its place. The frame must be whole: lines are counted from its beginning. */
export function recordOf(frame: Frame, index: number): LoneRecord {
  if (frame.base !== 0) throw new RangeError('the place of a record is computed from its whole frame');
  const { kind, metas, parts } = describedBy(frame);
  const { start, end } = itemSpan(frame, index);
  const part = parts[partAt(parts, start)]!;
  const { at, length } = part;
  return {
    kind,
    bytes: frame.body.subarray(start, end),
    meta: metas[part.meta]!,
    at: at && {
      file: at.file,
      byte: at.byte + start - part.from,
      line: at.line + lineFeeds(frame.body, part.from, start),
    },
    length,
  };
}

/** A frame of one record. */
export function frameOfRecord(record: LoneRecord): Frame {
  const framer = new RecordFramer();
  framer.add({ ...record, ends: [record.bytes.length] }, 0, 1);
  return framer.take();
}

/**
 * Item `index` of a whole frame as a frame of its own, with everything that is known about it: for a raw record, its
 * meta and place.
 */
export function frameOfItem(frame: Frame, index: number): Frame {
  return holdsRecords(frame) && frame.count > 1 ? frameOfRecord(recordOf(frame, index)) : cutFrame(frame, index, 1);
}

/** Consecutive records of a frame that share a meta. */
export interface MetaRun {
  /** The last record of the run, as an index into the frame. */
  last: number;
  bytes: Buffer;
  ends: Uint32Array;
  /** Their true length, if it is one oversized record. */
  length: number | undefined;
  meta: Meta;
  /** The index of its meta in the frame. */
  metaIndex: number;
}

/** Cuts runs of records out of a frame or a piece of one. */
export class RecordCutter {
  readonly kind: string;
  readonly #frame: Frame;
  readonly #description: Description;

  constructor(frame: Frame) {
    this.#frame = frame;
    this.#description = describedBy(frame);
    this.kind = this.#description.kind;
  }

  /** The run that begins with record `index`: up to record `last`, about `bytes` bytes, and one meta; but at least one record. */
  cut(index: number, last: number, bytes: number): MetaRun {
    const frame = this.#frame;
    const { metas, parts } = this.#description;
    const { start } = itemSpan(frame, index);
    const partIndex = partAt(parts, frame.base + start);
    const part = parts[partIndex]!;
    const limit = Math.min(start + bytes, (parts[partIndex + 1]?.from ?? Infinity) - frame.base);
    const ends: number[] = [];
    let end = start;
    for (let i = index; i <= last; i++) {
      const next = itemSpan(frame, i).end;
      if (i > index && next > limit) break;
      ends.push(next - start);
      end = next;
    }
    return {
      last: index + ends.length - 1,
      bytes: frame.body.subarray(start, end),
      ends: Uint32Array.from(ends),
      length: part.length,
      meta: metas[part.meta]!,
      metaIndex: part.meta,
    };
  }
}

/** Which part holds this byte of the frame. */
function partAt(parts: readonly Part[], byte: number): number {
  let low = 0;
  let high = parts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if (parts[middle]!.from <= byte) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Throws an Error if the bytes are not what a RecordFramer wrote. */
function describedBy({ shapes }: Frame): Description {
  const description = parseJson(shapes.toString()) as Partial<Description>;
  const { kind, metas, parts } = description;
  if (typeof kind === 'string' && Array.isArray(metas) && Array.isArray(parts) && parts.length > 0) {
    return description as Description;
  }
  throw new RangeError(`a frame of raw records does not say how to decode them: ${shapes.toString('utf8', 0, 200)}`);
}
