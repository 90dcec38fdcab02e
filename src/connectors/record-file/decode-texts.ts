import { isAscii, isUtf8 } from 'node:buffer';
import { RecordError, type RecordRun } from '../../sources/port.ts';

/**
 * The records that are decoded together become one text of at most this many bytes, and their fields are slices of it.
 * V8 keeps the whole text while one of its fields is in use, so the text must not be as long as a run of records.
 */
const mostTogether = 2048;

/** Decodes the record in `text` from `from` up to `to`. */
export type DecodeText = (text: string, from: number, to: number) => unknown;

/**
 * Decodes a run of records in UTF-8. ASCII records share a text, because in ASCII the position of a byte is the
 * position of a character. Any other record gets a text of its own.
 */
export function decodeTexts({ bytes, ends }: RecordRun, decode: DecodeText): unknown[] {
  const items: unknown[] = [];
  let first = 0;
  let start = 0;
  while (first < ends.length) {
    let last = first;
    while (last + 1 < ends.length && ends[last + 1]! - start <= mostTogether) last++;
    const stop = ends[last]!;
    if (isAscii(bytes.subarray(start, stop))) {
      const text = bytes.toString('latin1', start, stop);
      for (let i = first, from = 0; i <= last; i++) {
        const to = ends[i]! - start;
        items.push(decode(text, from, to));
        from = to;
      }
    } else {
      for (let i = first, from = start; i <= last; i++) {
        items.push(decodeAlone(bytes, from, ends[i]!, decode));
        from = ends[i]!;
      }
    }
    first = last + 1;
    start = stop;
  }
  return items;
}

function decodeAlone(bytes: Buffer, from: number, to: number, decode: DecodeText): unknown {
  const text = bytes.toString('utf8', from, to);
  // Bytes that are not UTF-8 become this character, which may also be in the file itself.
  if (text.includes('\uFFFD')) {
    const wrong = firstWrongByte(bytes.subarray(from, to), text);
    if (wrong !== undefined) return wrong;
  }
  return decode(text, 0, text.length);
}

function firstWrongByte(bytes: Buffer, text: string): RecordError | undefined {
  if (isUtf8(bytes)) return undefined;
  let at = 0;
  for (const part of text.split('\uFFFD')) {
    at += Buffer.byteLength(part);
    if (!bytes.subarray(at, at + 3).equals(replacement)) break;
    at += replacement.length;
  }
  const byte = bytes[at]!.toString(16).padStart(2, '0');
  return new RecordError(`expected UTF-8, got 0x${byte} at byte ${at} of the record; convert the file to UTF-8`);
}

const replacement = Buffer.from('\uFFFD');
