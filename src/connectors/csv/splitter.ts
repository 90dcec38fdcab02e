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
 * swallows the rest. The same is done with a record that is longer than it may be.
 *
 * It does not walk over bytes: it jumps from line end to line end and from quote to quote, which native code finds.
 */
import type { RecordSplitter, Split } from '../record-file/splitter.ts';
import { asBytes, blankLine, lineEndOf, type Dialect } from './dialect.ts';

const notFound = Number.MAX_SAFE_INTEGER;

/** The end of a record that more text must show. */
const undecided = -1;
/** The end of a record whose quotes are wrong, or that is too long. */
const malformed = -2;

export class CsvSplitter implements RecordSplitter {
  readonly #delimiter: string;
  readonly #quote: string;
  readonly #escape: string | null;
  readonly #lineEnd: { text: string; takesReturn: boolean };
  readonly #maxBytes: number;
  readonly #hasOneByteDelimiter: boolean;

  #text = '';
  #isLast = false;
  /** The next quote and the next line end at or after where we look: found once, used until passed. */
  #nextQuote = 0;
  #nextLineEnd = 0;
  /** How much of the undecided record was looked at, from its start: there is nothing of interest before. */
  #seen = 0;
  /** That ends inside a quoted field. */
  #isInQuotes = false;

  constructor(dialect: Dialect, maxBytes: number) {
    const { delimiter, quote, escape } = asBytes(dialect);
    this.#delimiter = delimiter;
    this.#quote = quote ?? '';
    this.#escape = escape === quote ? null : escape;
    this.#lineEnd = lineEndOf(asBytes(dialect));
    this.#maxBytes = maxBytes;
    this.#hasOneByteDelimiter = delimiter.length === 1;
  }

  get lineEndBytes(): number {
    return this.#lineEnd.text.length;
  }

  split(text: string, from: number, isLast: boolean, ends: number[]): Split {
    this.#text = text;
    this.#isLast = isLast;
    this.#nextQuote = this.#quote === '' ? notFound : 0;
    this.#nextLineEnd = 0;
    let start = from;
    try {
      while (start < text.length) {
        let end = this.#endOf(start);
        const mayGrow = !isLast && text.length - start <= this.#maxBytes;
        if (end === undecided && mayGrow) break;
        this.#seen = 0;
        this.#isInQuotes = false;
        if (end < 0 || end - start > this.#maxBytes) {
          end = this.lineEndAfter(text, start);
          if (end === -1 && mayGrow) break;
          if (end === -1) end = text.length;
          if (end - start > this.#maxBytes) return { rest: start, isTooLong: true };
          // Quotes are looked for from here again.
          this.#rewind();
        }
        start = this.skipBlank(text, end);
        ends.push(start);
      }
      return { rest: start, isTooLong: false };
    } finally {
      this.#text = '';
    }
  }

  skipBlank(text: string, from: number): number {
    let at = from;
    for (let length = blankLine(text, at, this.#lineEnd); length > 0; length = blankLine(text, at, this.#lineEnd)) {
      at += length;
    }
    return at;
  }

  lineEndAfter(text: string, from: number): number {
    const at = text.indexOf(this.#lineEnd.text, from);
    return at === -1 ? -1 : at + this.#lineEnd.text.length;
  }

  /** Where the record ends that begins at `start`. */
  #endOf(start: number): number {
    const isInQuotes = this.#isInQuotes;
    this.#isInQuotes = false;
    return this.#hasOneByteDelimiter ? this.#endByQuotes(start, isInQuotes) : this.#endByFields(start, isInQuotes);
  }

  /** With a delimiter of one byte, the byte before a quote shows whether a field begins there. */
  #endByQuotes(start: number, isInQuotes: boolean): number {
    const text = this.#text;
    let at = start + this.#seen;
    if (isInQuotes) {
      at = this.#afterQuoted(start, at);
      if (at < 0) return at;
    }
    for (;;) {
      const lineEnd = this.#lineEndFrom(at);
      const quote = this.#quoteFrom(at);
      if (quote > lineEnd) return lineEnd + this.#lineEnd.text.length;
      if (quote === notFound) return this.#atEnd(start, at);
      if (quote === start || text[quote - 1] === this.#delimiter) {
        at = this.#afterQuoted(start, quote + 1);
        if (at < 0) return at;
      } else {
        at = quote + 1;
      }
    }
  }

  /** With a longer delimiter, which may overlap with itself, each field is walked. */
  #endByFields(start: number, isInside: boolean): number {
    const text = this.#text;
    let at = start + this.#seen;
    let isInQuotes = isInside;
    for (;;) {
      if (isInQuotes || (this.#quote !== '' && text[at] === this.#quote)) {
        const from = isInQuotes ? at : at + 1;
        isInQuotes = false;
        at = this.#afterQuoted(start, from);
        if (at < 0) return at;
      }
      const lineEnd = this.#lineEndFrom(at);
      const delimiter = text.indexOf(this.#delimiter, at);
      if (delimiter === -1 || delimiter > lineEnd) {
        if (lineEnd !== notFound) return lineEnd + this.#lineEnd.text.length;
        this.#seen = at - start;
        return this.#isLast ? text.length : undecided;
      }
      at = delimiter + this.#delimiter.length;
      if (at === text.length && !this.#isLast) {
        this.#seen = at - start;
        return undecided;
      }
    }
  }

  /** From `at` on, behind all quotes, no quote and no line end follow. */
  #atEnd(start: number, at: number): number {
    if (this.#isLast) return this.#text.length;
    // Of what may be a part of a line end, or a delimiter before a quote, nothing is passed over. The quotes before `at` are
    // not looked at again: a closing one would be taken for an opening one.
    this.#seen = Math.max(at, this.#text.length - this.#lineEnd.text.length) - start;
    return undecided;
  }

  /**
   * Where the quoted field ends whose text is looked at from `from` on: behind its closing quote. A delimiter or a line end
   * follows.
   */
  #afterQuoted(start: number, from: number): number {
    const close = this.#escape === null ? this.#closeOfDoubled(from) : this.#closeOfEscaped(from, this.#escape);
    if (close < 0) {
      if (this.#isLast) return malformed;
      this.#seen = -close - start;
      this.#isInQuotes = true;
      return undecided;
    }
    const after = close + 1;
    const verdict = this.#mayFollow(after);
    if (verdict === 'yes') return after;
    if (verdict === 'no' || this.#isLast) return malformed;
    this.#seen = close - start;
    this.#isInQuotes = true;
    return undecided;
  }

  #mayFollow(at: number): 'yes' | 'no' | 'more' {
    const text = this.#text;
    if (at === text.length) return this.#isLast ? 'yes' : 'more';
    const { text: lineEnd, takesReturn } = this.#lineEnd;
    if (text.startsWith(this.#delimiter, at) || text.startsWith(lineEnd, at)) return 'yes';
    if (takesReturn && text.startsWith('\r\n', at)) return 'yes';
    const tail = text.slice(at, at + Math.max(this.#delimiter.length, lineEnd.length, 2));
    const isCut = this.#delimiter.startsWith(tail) || lineEnd.startsWith(tail) || (takesReturn && tail === '\r');
    return isCut ? 'more' : 'no';
  }

  /** The closing quote where quotes in the text are doubled. Below 0: minus where to look when there is more text. */
  #closeOfDoubled(from: number): number {
    const text = this.#text;
    for (let at = from; ; at += 2) {
      at = text.indexOf(this.#quote, at);
      if (at === -1) return -text.length;
      if (text[at + 1] === this.#quote) continue;
      if (at + 1 < text.length || this.#isLast) return at;
      return -at;
    }
  }

  #closeOfEscaped(from: number, escape: string): number {
    const text = this.#text;
    let at = from;
    let nextEscape = text.indexOf(escape, at);
    for (;;) {
      const quote = text.indexOf(this.#quote, at);
      if (nextEscape !== -1 && nextEscape < at) nextEscape = text.indexOf(escape, at);
      if (nextEscape === -1 || (quote !== -1 && quote < nextEscape)) return quote === -1 ? -text.length : quote;
      // Its character may not have been read yet.
      if (nextEscape + 1 >= text.length) return -nextEscape;
      at = nextEscape + 2;
    }
  }

  #lineEndFrom(at: number): number {
    if (this.#nextLineEnd >= at && this.#nextLineEnd !== 0) return this.#nextLineEnd;
    const found = this.#text.indexOf(this.#lineEnd.text, at);
    return (this.#nextLineEnd = found === -1 ? notFound : found);
  }

  #quoteFrom(at: number): number {
    if (this.#nextQuote >= at && this.#nextQuote !== 0) return this.#nextQuote;
    const found = this.#text.indexOf(this.#quote, at);
    return (this.#nextQuote = found === -1 ? notFound : found);
  }

  #rewind(): void {
    if (this.#quote !== '') this.#nextQuote = 0;
    this.#nextLineEnd = 0;
  }
}
