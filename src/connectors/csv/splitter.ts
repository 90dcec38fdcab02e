/*
 * Finds the ends of CSV records.
 *
 *     1,"a ""b"" c",2.5⏎        a quote opens only at the start of a field
 *     2,5" pipe,7⏎              anywhere else it is text
 *     3,"two⏎lines",8⏎          in a quoted field a line end is text
 *     4,"x" y,9⏎                malformed: only a delimiter, a line end or a quote may follow a closing quote
 *     5,"never closed,1⏎        malformed as well
 *
 * A malformed record ends at the first line end after its start, and reading continues there, so one bad quote never
 * swallows the rest. The same holds for a record that is too long.
 *
 * It looks at each byte once, in one of three states, and makes no text of them. Where the bytes end, it remembers its
 * state and continues there when there are more.
 */
import type { RecordSplitter, Split } from '../record-file/splitter.ts';
import { separatorsOf, type Dialect } from './dialect.ts';

/** Where in a record the splitter is. A field that follows its closing quote is not quoted any more. */
type State = 'at the start of a field' | 'in a field' | 'in quotes';

/** The end of a record for which more bytes are needed. */
const undecided = -1;
/** The end of a record whose quotes are wrong, or that is too long. */
const malformed = -2;

export class CsvSplitter implements RecordSplitter {
  readonly #delimiter: Buffer;
  readonly #lineEnd: Buffer;
  readonly #takesReturn: boolean;
  /** -1, which no byte is, if there is none. */
  readonly #quote: number;
  /** -1 if quotes are doubled. */
  readonly #escape: number;
  readonly #maxBytes: number;

  /** How much of the undecided record has been scanned, from its start, and the state there. */
  #seen = 0;
  #state: State = 'at the start of a field';

  constructor(dialect: Dialect, maxBytes: number) {
    const { quote, escape } = dialect;
    const { delimiter, lineEnd, takesReturn } = separatorsOf(dialect);
    this.#delimiter = delimiter;
    this.#lineEnd = lineEnd;
    this.#takesReturn = takesReturn;
    this.#quote = quote === null ? -1 : quote.charCodeAt(0);
    this.#escape = escape === null || escape === quote ? -1 : escape.charCodeAt(0);
    this.#maxBytes = maxBytes;
  }

  get lineEndBytes(): number {
    return this.#lineEnd.length;
  }

  split(bytes: Buffer, from: number, isLast: boolean, ends: number[]): Split {
    let start = from;
    while (start < bytes.length) {
      // It may be a blank line, which would move the start of the record.
      if (!isLast && this.#isCutLineEnd(bytes, start)) break;
      let end = this.#endOf(bytes, start, isLast);
      const mayGrow = !isLast && bytes.length - start <= this.#maxBytes;
      if (end === undecided && mayGrow) break;
      if (end < 0 || end - start > this.#maxBytes) {
        end = this.lineEndAfter(bytes, start);
        // It is already malformed. With more bytes it is scanned again from its start, with the same result.
        this.#remember(0, 'at the start of a field');
        if (end === -1 && mayGrow) break;
        if (end === -1) end = bytes.length;
        if (end - start > this.#maxBytes) return { rest: start, isTooLong: true };
      }
      start = this.skipBlank(bytes, end);
      ends.push(start);
    }
    return { rest: start, isTooLong: false };
  }

  skipBlank(bytes: Buffer, from: number): number {
    let at = from;
    for (let length = this.#lineEndAt(bytes, at); length > 0; length = this.#lineEndAt(bytes, at)) at += length;
    return at;
  }

  lineEndAfter(bytes: Buffer, from: number): number {
    const at = bytes.indexOf(this.#lineEnd, from);
    return at === -1 ? -1 : at + this.#lineEnd.length;
  }

  /** How many bytes a line end at `at` has; 0 if there is none. */
  #lineEndAt(bytes: Buffer, at: number): number {
    const lineEnd = this.#lineEnd;
    if (startsWith(bytes, lineEnd, at)) return lineEnd.length;
    return this.#takesReturn && bytes[at] === carriageReturn && bytes[at + 1] === lineEnd[0] ? 2 : 0;
  }

  /** The end of the record that begins at `start`. */
  #endOf(bytes: Buffer, start: number, isLast: boolean): number {
    const { length } = bytes;
    const quote = this.#quote;
    const delimiter = this.#delimiter;
    const lineEnd = this.#lineEnd;
    const delimiterBytes = delimiter.length;
    const firstOfDelimiter = delimiter[0]!;
    const firstOfLineEnd = lineEnd[0]!;
    let at = start + this.#seen;
    let state = this.#state;
    this.#remember(0, 'at the start of a field');
    for (;;) {
      if (state === 'at the start of a field' && at < length) {
        if (bytes[at] === quote) {
          at++;
          state = 'in quotes';
        } else {
          state = 'in a field';
        }
      }
      if (state === 'in quotes') {
        const close = this.#closingQuote(bytes, at, isLast);
        if (close < 0) {
          if (isLast) return malformed;
          this.#remember(-close - 1 - start, 'in quotes');
          return undecided;
        }
        const verdict = this.#mayFollow(bytes, close + 1, isLast);
        if (verdict === 'no' || (verdict === 'more' && isLast)) return malformed;
        if (verdict === 'more') {
          this.#remember(close - start, 'in quotes');
          return undecided;
        }
        at = close + 1;
        state = 'in a field';
      }
      let byte = -1;
      while (at < length && (byte = bytes[at]!) !== firstOfDelimiter && byte !== firstOfLineEnd) at++;
      if (at >= length) {
        if (isLast) return length;
        this.#remember(at - start, state);
        return undecided;
      }
      if (byte === firstOfDelimiter && (delimiterBytes === 1 || startsWith(bytes, delimiter, at))) {
        at += delimiterBytes;
        state = 'at the start of a field';
      } else if (byte === firstOfLineEnd && startsWith(bytes, lineEnd, at)) {
        return at + lineEnd.length;
      } else if (!isLast && (isCut(bytes, delimiter, at) || isCut(bytes, lineEnd, at))) {
        this.#remember(at - start, state);
        return undecided;
      } else {
        at++;
      }
    }
  }

  /**
   * The position of a quoted field's closing quote, from `from` on. If it is negative: -1 minus the position at which
   * to search when there are more bytes.
   */
  #closingQuote(bytes: Buffer, from: number, isLast: boolean): number {
    const { length } = bytes;
    const quote = this.#quote;
    const escape = this.#escape;
    let at = from;
    for (;;) {
      while (at < length && bytes[at] !== quote && bytes[at] !== escape) at++;
      if (at >= length) return -1 - at;
      if (bytes[at] === escape) {
        // The escaped byte may not have been read yet.
        if (at + 1 >= length) return -1 - at;
        at += 2;
      } else if (escape === -1 && bytes[at + 1] === quote) {
        at += 2;
      } else {
        return escape === -1 && at + 1 >= length && !isLast ? -1 - at : at;
      }
    }
  }

  /** Whether the bytes at `at` may follow a closing quote. `more`: more bytes are needed to decide. */
  #mayFollow(bytes: Buffer, at: number, isLast: boolean): 'yes' | 'no' | 'more' {
    const delimiter = this.#delimiter;
    if (at >= bytes.length) return isLast ? 'yes' : 'more';
    if (startsWith(bytes, delimiter, at) || this.#lineEndAt(bytes, at) > 0) return 'yes';
    return isCut(bytes, delimiter, at) || this.#isCutLineEnd(bytes, at) ? 'more' : 'no';
  }

  /** Whether the bytes end in the middle of a possible line end at `at`. */
  #isCutLineEnd(bytes: Buffer, at: number): boolean {
    const isAtReturn = this.#takesReturn && at + 1 === bytes.length && bytes[at] === carriageReturn;
    return isAtReturn || isCut(bytes, this.#lineEnd, at);
  }

  #remember(seen: number, state: State): void {
    this.#seen = seen;
    this.#state = state;
  }
}

const carriageReturn = 0x0d;

function startsWith(bytes: Buffer, some: Buffer, at: number): boolean {
  for (let i = 0; i < some.length; i++) if (bytes[at + i] !== some[i]) return false;
  return true;
}

/** Whether the bytes end in the middle of `some`, which may begin at `at`. */
function isCut(bytes: Buffer, some: Buffer, at: number): boolean {
  const left = bytes.length - at;
  if (left >= some.length) return false;
  for (let i = 0; i < left; i++) if (bytes[at + i] !== some[i]) return false;
  return true;
}
