/*
 * How texts are decoded. msgpackr looks at each of their bytes and makes a list of them, which is half of what decoding
 * an item costs. Here that is done for a run of texts at once.
 */
import { fixstr, float32, float64, int64, negative, nil, no, str16, str32, str8, uint8, yes } from './first-bytes.ts';

/**
 * At most so many bytes become one string that texts are cut out of. V8 keeps all of it for as long as one of them is in
 * use, so it must not be as long as an item may be.
 */
const mostTogether = 128;

/** A longer text is decoded in less time by native code, call and all. */
const mostLookedAt = 64;

/** It must keep a byte order mark at the beginning of a text. */
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/**
 * How many bytes a value takes that begins with such a byte; 0 where that byte does not tell. The heads of records, lists
 * and maps count alone, for what is in them are values, too.
 */
const valueBytes = new Uint8Array(0x100).map((_, first) => {
  if (first < fixstr || first >= negative) return 1; // Small integers, records, short lists and maps.
  if (first < nil) return 1 + first - fixstr;
  if (first >= uint8 && first <= int64) return 1 + (1 << (first & 3)); // Of 8 to 64 bits: without sign, and with it.
  if (first === float32) return 5;
  if (first === float64) return 9;
  return first === nil || first === no || first === yes ? 1 : 0;
});

/**
 * The text whose head is at `at`. If it is short ASCII it comes with what follows it, as Latin-1, one character a byte:
 * as far as that are more of its kind, and values that hold no text. (One function, because it runs for each item: calls
 * take half of what it wins.)
 */
export function textsAt(bytes: Buffer, at: number, end: number): string {
  const most = Math.min(end, at + mostTogether);
  let last = at;
  while (last < most) {
    const first = bytes[last]!;
    let next = last + valueBytes[first]!;
    let look = next;
    if ((first & 0xe0) === fixstr) {
      look = last + 1;
    } else if (first === str8) {
      look = last + 2;
      next = look + bytes[last + 1]!;
      if (next > look + mostLookedAt) break;
    }
    // Not `>`: it is not a number where a head is cut off.
    if (next === last || !(next <= most)) break;
    while (look < next && bytes[look]! < 0x80) look++;
    if (look < next) break;
    last = next;
  }
  const { from, to } = textSpan(bytes, at);
  if (last > at) return bytes.toString('latin1', from, last);
  return to - from <= mostLookedAt ? shortText(bytes, from, to) : decoder.decode(bytes.subarray(from, to));
}

/** A text of few bytes that are well-formed UTF-8, as all are that were encoded. */
function shortText(bytes: Buffer, from: number, to: number): string {
  const units: number[] = [];
  let at = from;
  const more = (): number => (bytes[at++] ?? 0) & 0x3f;
  while (at < to) {
    const first = bytes[at++]!;
    if (first < 0x80) units.push(first);
    else if (first < 0xe0) units.push(((first & 0x1f) << 6) | more());
    else if (first < 0xf0) units.push(((first & 0x0f) << 12) | (more() << 6) | more());
    else {
      const beyond = (((first & 0x07) << 18) | (more() << 12) | (more() << 6) | more()) - 0x10000;
      units.push(0xd800 | (beyond >> 10), 0xdc00 | (beyond & 0x3ff));
    }
  }
  // A character that is cut off would make more units than bytes, which msgpackr would take for more than this text.
  return at === to ? String.fromCharCode(...units) : decoder.decode(bytes.subarray(from, to));
}

/** Where the text lies whose head is at `at`. Throws if there is not even all of its head. */
function textSpan(bytes: Buffer, at: number): { from: number; to: number } {
  const first = bytes[at]!;
  if (first === str8) return { from: at + 2, to: at + 2 + bytes.readUInt8(at + 1) };
  if (first === str16) return { from: at + 3, to: at + 3 + bytes.readUInt16BE(at + 1) };
  if (first === str32) return { from: at + 5, to: at + 5 + bytes.readUInt32BE(at + 1) };
  return { from: at + 1, to: at + valueBytes[first]! };
}
