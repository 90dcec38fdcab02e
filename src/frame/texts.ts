/*
 * Decodes texts. msgpackr reads each byte of a text into a list, which takes half of the time to decode an item. Here,
 * a run of texts is decoded at once.
 */
import { fixstr, float32, float64, int64, negative, nil, no, str16, str32, str8, uint8, yes } from './first-bytes.ts';

/**
 * At most this many bytes become one string, from which texts are cut. V8 keeps the whole string as long as one of the texts
 * is in use, so it must not be as long as the longest item.
 */
const mostTogether = 128;

/** Native code decodes a longer text in less time, including the call. */
const mostLookedAt = 64;

/** The decoder must keep a byte order mark at the beginning of a text. */
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/**
 * How many bytes a value that begins with this byte takes; 0 if the byte does not tell. For records, lists and maps only
 * the heads count, because their elements are values, too.
 */
const valueBytes = new Uint8Array(0x100).map((_, first) => {
  if (first < fixstr || first >= negative) return 1; // Small integers, records, short lists and maps.
  if (first < nil) return 1 + first - fixstr;
  if (first >= uint8 && first <= int64) return 1 + (1 << (first & 3)); // 8 to 64 bits, unsigned and signed.
  if (first === float32) return 5;
  if (first === float64) return 9;
  return first === nil || first === no || first === yes ? 1 : 0;
});

/**
 * The text whose head is at `at`. If the text is short ASCII, the result also contains what follows, as Latin-1 with one
 * character per byte, up to the first value that is neither such a text nor a value without text. (This is one function
 * because it runs for each item: calls would cost half of the gain.)
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
    // Not `>`: it is NaN if a head is cut off.
    if (next === last || !(next <= most)) break;
    while (look < next && bytes[look]! < 0x80) look++;
    if (look < next) break;
    last = next;
  }
  const { from, to } = textSpan(bytes, at);
  if (last > at) return bytes.toString('latin1', from, last);
  return to - from <= mostLookedAt ? shortText(bytes, from, to) : decoder.decode(bytes.subarray(from, to));
}

/** A text of few bytes. They are well-formed UTF-8, because the encoder wrote them. */
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
  // A character that is cut off would make more units than bytes, which msgpackr would take as more than this text.
  return at === to ? String.fromCharCode(...units) : decoder.decode(bytes.subarray(from, to));
}

/** Where the text with its head at `at` begins and ends. Throws if even the head is incomplete. */
function textSpan(bytes: Buffer, at: number): { from: number; to: number } {
  const first = bytes[at]!;
  if (first === str8) return { from: at + 2, to: at + 2 + bytes.readUInt8(at + 1) };
  if (first === str16) return { from: at + 3, to: at + 3 + bytes.readUInt16BE(at + 1) };
  if (first === str32) return { from: at + 5, to: at + 5 + bytes.readUInt32BE(at + 1) };
  return { from: at + 1, to: at + valueBytes[first]! };
}
