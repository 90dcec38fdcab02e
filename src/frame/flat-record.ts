/*
 * Writes flat records of a known shape, which most items are. The bytes are those that msgpackr would write, but this takes
 * half the time: it looks nothing up, and checks each value once, both for its kind and for whether it can be carried.
 */
import { isWellFormed } from '../core/well-formed.ts';
import {
  firstShape,
  fixext1,
  fixstr,
  float64,
  int16,
  int32,
  int8,
  nil,
  no,
  str16,
  str32,
  str8,
  uint16,
  uint32,
  uint8,
  yes,
} from './first-bytes.ts';

/** Returned instead of an end: the record has a different shape, or might not fit into the rest of the buffer. */
export const misfit = -1;

/** Returned instead of an end: it holds values other than numbers, texts, booleans, null and undefined. */
export const notFlat = -2;

/** Native code is faster for longer texts. */
const longestInScript = 63;

/** The most bytes that a number, or the head of a text, takes. */
const mostHead = 9;

/**
 * False if msgpackr would treat a record with these keys as an instance of a class and ask it for its own
 * representation.
 */
export function areKeysOfData(keys: readonly string[]): boolean {
  return !keys.includes('constructor');
}

/**
 * Writes `item`, a record whose keys are exactly `keys`, into `into` from `start` on, with the shape `shape`. The keys
 * must pass `areKeysOfData`. Returns where it ends, or why it was not written; then the bytes after `start` are
 * garbage.
 */
export function writeFlatRecord(
  item: object,
  { keys, shape, into, start }: { keys: readonly string[]; shape: number; into: Buffer; start: number },
): number {
  if (Object.getPrototypeOf(item) !== Object.prototype) return notFlat;
  const room = into.length - mostHead;
  if (start > room) return misfit;
  let at = start;
  let written = 0;
  into[at++] = firstShape + shape;
  for (const key in item) {
    if (key !== keys[written++]) return misfit;
    const value = (item as Record<string, unknown>)[key];
    if (typeof value === 'string') {
      const length = value.length;
      if (at + 3 * length > room) return misfit;
      const end = length <= longestInScript ? writeAscii(into, at, value) : notAscii;
      at = end === notAscii ? writeText(into, at, value) : end;
      if (at === notFlat) return notFlat;
      continue;
    }
    if (at > room) return misfit;
    if (typeof value === 'number') at = writeNumber(into, at, value);
    else if (value === null) into[at++] = nil;
    else if (value === false) into[at++] = no;
    else if (value === true) into[at++] = yes;
    else if (value === undefined) at = into.writeUInt16BE(0, into.writeUInt8(fixext1, at));
    else return notFlat;
  }
  return written === keys.length ? at : misfit;
}

const notAscii = -1;

/** Returns where it ends, or `notAscii`. */
function writeAscii(into: Buffer, start: number, text: string): number {
  const length = text.length;
  let at = start;
  if (length < 0x20) {
    into[at++] = fixstr + length;
  } else {
    into[at++] = str8;
    into[at++] = length;
  }
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i);
    if (code > 0x7f) return notAscii;
    into[at++] = code;
  }
  return at;
}

/** Writes any text. Returns where it ends, or `notFlat` if it cannot be carried. */
function writeText(into: Buffer, at: number, text: string): number {
  if (!isWellFormed(text)) return notFlat;
  const bytes = Buffer.byteLength(text);
  let from: number;
  if (bytes < 0x20) from = into.writeUInt8(fixstr + bytes, at);
  else if (bytes < 0x100) from = into.writeUInt8(bytes, into.writeUInt8(str8, at));
  else if (bytes < 0x10000) from = into.writeUInt16BE(bytes, into.writeUInt8(str16, at));
  else from = into.writeUInt32BE(bytes, into.writeUInt8(str32, at));
  return from + into.write(text, from);
}

function writeNumber(into: Buffer, at: number, value: number): number {
  if (value >>> 0 === value) {
    if (value < 0x40) {
      into[at] = value;
      return at + 1;
    }
    if (value < 0x100) return into.writeUInt8(value, into.writeUInt8(uint8, at));
    if (value < 0x10000) return into.writeUInt16BE(value, into.writeUInt8(uint16, at));
    return into.writeUInt32BE(value, into.writeUInt8(uint32, at));
  }
  if (value >> 0 === value) {
    if (value >= -0x20) return into.writeInt8(value, at);
    if (value >= -0x80) return into.writeInt8(value, into.writeUInt8(int8, at));
    if (value >= -0x8000) return into.writeInt16BE(value, into.writeUInt8(int16, at));
    return into.writeInt32BE(value, into.writeUInt8(int32, at));
  }
  return into.writeDoubleBE(value, into.writeUInt8(float64, at));
}
