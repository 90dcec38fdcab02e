import type { RecordSplitter, Split } from '../record-file/splitter.ts';

/** Lines that end with a line feed. A line of white space alone is blank. */
export class LineSplitter implements RecordSplitter {
  readonly lineEndBytes = 1;
  readonly #maxBytes: number;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  split(text: string, from: number, isLast: boolean, ends: number[]): Split {
    let start = from;
    while (start < text.length) {
      let end = text.indexOf('\n', start) + 1;
      if (end === 0) {
        if (!isLast && text.length - start <= this.#maxBytes) break;
        if (isLast && isBlank(text, start)) break;
        end = text.length;
      }
      if (end - start > this.#maxBytes) return { rest: start, isTooLong: true };
      start = this.skipBlank(text, end);
      ends.push(start);
    }
    return { rest: start, isTooLong: false };
  }

  skipBlank(text: string, from: number): number {
    let blankUntil = from;
    for (let at = from; at < text.length && isWhite(text.charCodeAt(at)); at++) {
      if (text[at] === '\n') blankUntil = at + 1;
    }
    return blankUntil;
  }

  lineEndAfter(text: string, from: number): number {
    return text.indexOf('\n', from) + 1 || -1;
  }
}

function isBlank(text: string, from: number): boolean {
  let at = from;
  while (at < text.length && isWhite(text.charCodeAt(at))) at++;
  return at === text.length;
}

/** What JSON takes for white space. */
function isWhite(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
}
