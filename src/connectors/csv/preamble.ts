import { lineFeeds } from '../../core/line-feeds.ts';
import { configError, errorData, type MillraceError } from '../../core/errors.ts';
import { markBytes, startOfText } from '../record-file/byte-order-mark.ts';
import { Unread } from '../record-file/bytes.ts';
import type { Input } from '../record-file/input.ts';
import { decodeTexts } from '../record-file/decode-texts.ts';
import { isRecordError } from '../../sources/port.ts';
import type { Dialect } from './dialect.ts';
import { columnNames } from './header.ts';
import { lineEndIn } from './line-end.ts';
import { unknownColumns, type CsvSettings } from './options.ts';
import { CsvParser } from './parser.ts';
import { CsvSplitter } from './splitter.ts';

/** The part of a file before its first row, and what follows from it. */
export interface Preamble {
  readonly dialect: Dialect;
  readonly header: readonly string[];
  /** Where the first row begins, and its line. */
  readonly offset: number;
  readonly line: number;
  /** The bytes from there on. */
  readonly bytes: Unread;
}

/**
 * Reads the byte order mark, the kind of line end, and the header. Undefined if the file ends before its first row is
 * known. Throws a configuration error if the header cannot be used.
 */
export async function readPreamble(input: Input, settings: CsvSettings): Promise<Preamble | undefined> {
  const bytes = new Unread(input.read());
  for (;;) {
    const { bytes: head, isAtEnd } = await bytes.peekMore();
    const isEnough = isAtEnd || head.length > settings.maxItemBytes * 2;
    const found = preambleIn(head, isEnough, input.name, settings);
    if (found === undefined && !isAtEnd) continue;
    if (found === undefined) return undefined;
    await bytes.drop(found.offset);
    return { ...found, bytes };
  }
}

function preambleIn(
  head: Buffer,
  isLast: boolean,
  file: string,
  { dialect: declared, header, maxItemBytes, types }: CsvSettings,
): Omit<Preamble, 'bytes'> | undefined {
  if (head.length < markBytes && !isLast) return undefined;
  const start = startOfText(head, file);
  const lineEnd =
    declared.lineEnd === 'auto' ? lineEndIn(head.toString('latin1', start), declared, isLast) : declared.lineEnd;
  if (lineEnd === undefined) return undefined;
  const dialect = { ...declared, lineEnd };
  if (header !== undefined) return { dialect, header, offset: start, line: 1 };
  const splitter = new CsvSplitter(dialect, maxItemBytes);
  const from = splitter.skipBlank(head, start);
  const ends: number[] = [];
  const { isTooLong } = splitter.split(head, from, isLast, ends);
  const to = ends[0];
  if (to === undefined && isTooLong) throw badHeader(file, `it is longer than maxItemBytes (${maxItemBytes} bytes)`);
  if (to === undefined) return undefined;
  const names = headerOf(head.subarray(from, to), dialect, file);
  const unknown = unknownColumns(types, names);
  if (unknown.length > 0) throw badHeader(file, `types: ${unknown.join('; ')}`);
  return { dialect, header: names, offset: to, line: 1 + lineFeeds(head, 0, to) };
}

function headerOf(record: Buffer, dialect: Dialect, file: string): readonly string[] {
  const parser = new CsvParser(dialect, { header: [], types: {}, nulls: [] });
  try {
    const [names] = decodeTexts({ bytes: record, ends: Uint32Array.of(record.length) }, (text, from, to) =>
      parser.fields(text, from, to),
    );
    if (isRecordError(names)) throw names;
    return columnNames(names as string[]);
  } catch (error) {
    throw badHeader(file, errorData(error).message, error);
  }
}

function badHeader(file: string, what: string, cause?: unknown): MillraceError {
  return configError('SOURCE_HEADER', `${file}, header: ${what}`, cause);
}
