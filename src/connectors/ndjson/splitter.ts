import type { RecordSplitter, Split } from '../record-file/splitter.ts';

const lineFeed = 0x0a;

/** Finds lines that end with a line feed. A line that has only white space is blank. */
export class LineSplitter implements RecordSplitter {
  readonly lineEndBytes = 1;
  readonly #maxBytes: number;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  split(bytes: Buffer, from: number, isLast: boolean, ends: number[]): Split {
    let start = from;
    while (start < bytes.length) {
      let end = bytes.indexOf(lineFeed, start) + 1;
      if (end === 0) {
        if (!isLast && bytes.length - start <= this.#maxBytes) break;
        if (isLast && isBlank(bytes, start)) break;
        end = bytes.length;
      }
      if (end - start > this.#maxBytes) return { rest: start, isTooLong: true };
      start = this.skipBlank(bytes, end);
      ends.push(start);
    }
    return { rest: start, isTooLong: false };
  }

  skipBlank(bytes: Buffer, from: number): number {
    let blankUntil = from;
    for (let at = from; at < bytes.length && isWhite(bytes[at]!); at++) {
      if (bytes[at] === lineFeed) blankUntil = at + 1;
    }
    return blankUntil;
  }

  lineEndAfter(bytes: Buffer, from: number): number {
    return bytes.indexOf(lineFeed, from) + 1 || -1;
  }
}

function isBlank(bytes: Buffer, from: number): boolean {
  let at = from;
  while (at < bytes.length && isWhite(bytes[at]!)) at++;
  return at === bytes.length;
}

/** White space in JSON. */
function isWhite(byte: number): boolean {
  return byte === 0x20 || byte === lineFeed || byte === 0x0d || byte === 0x09;
}
