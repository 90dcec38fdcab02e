import { RecordError } from '../../sources/port.ts';
import { show } from '../../core/show.ts';
import { lineEndOf, type Dialect } from './dialect.ts';
import type { CsvType } from './types.ts';
import { converters, Refused, type Convert } from './values.ts';

/** How records become items. Plain data: it is stored with the records. */
export interface Columns {
  /** The names of the columns, in order. */
  readonly header: readonly string[];
  /** Columns that are not text. */
  readonly types: Readonly<Record<string, CsvType>>;
  /** Texts that mean null where they are not quoted. */
  readonly nulls: readonly string[];
}

/** An item with one property per column. */
export type CsvRow = Record<string, unknown>;

/**
 * Parses one record of a text at a time. Returns an item, or a RecordError that says what is wrong with it.
 *
 * It jumps from delimiter to delimiter with `indexOf`, which is native code, and cuts fields out of the text.
 */
export class CsvParser {
  readonly #delimiter: string;
  readonly #quote: string;
  readonly #quoteCode: number;
  readonly #doubledQuote: string;
  readonly #escape: string | null;
  readonly #lineEnd: { text: string; takesReturn: boolean };
  readonly #header: readonly string[];
  /** By column. */
  readonly #isSecret: readonly boolean[];
  readonly #convert: readonly (Convert | undefined)[];
  readonly #emptyIsNull: boolean;
  readonly #nulls: ReadonlySet<string> | undefined;
  /**
   * Each item is a copy of this object, so that all items have the same shape, in whatever order their properties are
   * set.
   */
  readonly #blank: CsvRow;

  /** Errors about records show no text of a column for which `isSecret` holds. */
  constructor(
    dialect: Dialect,
    { header, types, nulls }: Columns,
    isSecret: (column: string, value: unknown) => boolean = () => false,
  ) {
    this.#delimiter = dialect.delimiter;
    this.#quote = dialect.quote ?? '';
    this.#quoteCode = dialect.quote === null ? -1 : dialect.quote.charCodeAt(0);
    this.#doubledQuote = this.#quote + this.#quote;
    this.#escape = dialect.escape === dialect.quote ? null : dialect.escape;
    this.#lineEnd = lineEndOf(dialect);
    this.#header = header;
    this.#isSecret = header.map((name) => isSecret(name, 'any text'));
    this.#convert = header.map((name) => (Object.hasOwn(types, name) ? converters[types[name]!] : undefined));
    this.#emptyIsNull = nulls.includes('');
    const others = nulls.filter((text) => text !== '');
    this.#nulls = others.length > 0 ? new Set(others) : undefined;
    this.#blank = Object.fromEntries(header.map((name) => [name, null]));
  }

  /** The record in `text` from `from` up to `to`, which is after its line end and the blank lines that follow it. */
  item(text: string, from: number, to: number): CsvRow | RecordError {
    const header = this.#header;
    const delimiter = this.#delimiter;
    const end = this.#withoutLineEnds(text, from, to);
    const item: CsvRow = { ...this.#blank };
    let column = 0;
    let at = from;
    for (;;) {
      let next: number;
      let value: unknown;
      if (text.charCodeAt(at) === this.#quoteCode && at < end) {
        const close = this.#closingQuote(text, at + 1, end);
        if (close === -1) return notClosed(column);
        next = close + 1;
        if (next !== end && !text.startsWith(delimiter, next)) return this.#badlyClosed(column, text.slice(next, end));
        value = this.#unescaped(text, at + 1, close);
      } else {
        next = text.indexOf(delimiter, at);
        if (next === -1 || next > end) next = end;
        if (next > at || !this.#emptyIsNull) {
          value = text.slice(at, next);
          if (this.#nulls !== undefined && this.#nulls.has(value as string)) value = null;
        } else {
          value = null;
        }
      }
      if (column >= header.length) return this.#ragged(text, at, end, column);
      const convert = this.#convert[column];
      if (convert !== undefined && value !== null) {
        const converted = convert(value as string);
        if (converted instanceof Refused) return this.#wrongValue(column, converted, value);
        value = converted;
      }
      item[header[column]!] = value;
      column++;
      if (next >= end) break;
      at = next + delimiter.length;
    }
    return column === header.length ? item : wrongCount(header.length, column);
  }

  /** The fields of a record as text, for a header. Throws a RecordError. */
  fields(text: string, from: number, to: number): string[] {
    const end = this.#withoutLineEnds(text, from, to);
    const fields: string[] = [];
    for (let at = from; ; at += this.#delimiter.length) {
      if (text.charCodeAt(at) === this.#quoteCode && at < end) {
        const close = this.#closingQuote(text, at + 1, end);
        if (close === -1) throw notClosed(fields.length);
        fields.push(this.#unescaped(text, at + 1, close));
        at = close + 1;
        if (at !== end && !text.startsWith(this.#delimiter, at)) {
          throw this.#badlyClosed(fields.length - 1, text.slice(at, end));
        }
      } else {
        let next = text.indexOf(this.#delimiter, at);
        if (next === -1 || next > end) next = end;
        fields.push(text.slice(at, next));
        at = next;
      }
      if (at >= end) return fields;
    }
  }

  #withoutLineEnds(text: string, from: number, to: number): number {
    const { text: lineEnd, takesReturn } = this.#lineEnd;
    let end = to;
    while (end > from && text.startsWith(lineEnd, end - lineEnd.length) && end - lineEnd.length >= from) {
      end -= lineEnd.length;
      if (takesReturn && end > from && text[end - 1] === '\r') end--;
    }
    return end;
  }

  #closingQuote(text: string, from: number, end: number): number {
    if (this.#escape !== null) return this.#closingUnescaped(text, from, end, this.#escape);
    for (let at = from; ; at += 2) {
      at = text.indexOf(this.#quote, at);
      if (at === -1 || at >= end) return -1;
      if (at + 1 >= end || text.charCodeAt(at + 1) !== this.#quoteCode) return at;
    }
  }

  #closingUnescaped(text: string, from: number, end: number, escape: string): number {
    for (let at = from; at < end; at++) {
      if (text[at] === escape) at++;
      else if (text[at] === this.#quote) return at;
    }
    return -1;
  }

  #unescaped(text: string, from: number, to: number): string {
    const value = text.slice(from, to);
    if (this.#escape === null) {
      return value.includes(this.#quote) ? value.replaceAll(this.#doubledQuote, this.#quote) : value;
    }
    if (!value.includes(this.#escape)) return value;
    let plain = '';
    for (let at = 0; at < value.length; at++) {
      if (value[at] === this.#escape) at++;
      plain += value[at] ?? '';
    }
    return plain;
  }

  /** There are more fields than columns: counts them. */
  #ragged(text: string, at: number, end: number, column: number): RecordError {
    try {
      return wrongCount(this.#header.length, column + this.fields(text, at, end).length);
    } catch (error) {
      return error as RecordError;
    }
  }

  /** `rest`: what follows the quote, up to the end of the record. */
  #badlyClosed(column: number, rest: string): RecordError {
    const got = this.#isSecret.includes(true) ? 'something else' : show(rest);
    return new RecordError(
      `expected a delimiter or the end of the line after the closing quote of field ${column + 1}, got ${got}; ` +
        'a quote inside a quoted field must be doubled (or escaped)',
    );
  }

  #wrongValue(column: number, { expected, shows }: Refused, value: unknown): RecordError {
    const name = show(this.#header[column]!);
    // Not with a colon after the name: that would look like the secret's value, which is hidden in texts.
    if (this.#isSecret[column] === true)
      return new RecordError(`expected ${expected} in column ${name}, whose values are not shown`);
    return new RecordError(`column ${name}: expected ${expected}${shows}; got ${show(value)}`);
  }
}

function wrongCount(expected: number, actual: number): RecordError {
  return new RecordError(`expected ${fieldCount(expected)}, as in the header; got ${fieldCount(actual)}`);
}

function fieldCount(count: number): string {
  return count === 1 ? '1 field' : `${count} fields`;
}

function notClosed(column: number): RecordError {
  return new RecordError(
    `the quote that opens field ${column + 1} is not closed; the record was cut at its first line end`,
  );
}
