/** CSV read from pieces of bytes by our code, and by slower code that follows the rules to the letter. */
import type { Dialect } from '../../src/connectors/csv/dialect.ts';
import { CsvParser, type Columns } from '../../src/connectors/csv/parser.ts';
import { CsvSplitter } from '../../src/connectors/csv/splitter.ts';
import { joined } from '../../src/connectors/record-file/bytes.ts';
import { recordChunks } from '../../src/connectors/record-file/chunks.ts';
import { decodeTexts } from '../../src/connectors/record-file/decode-texts.ts';
import type { RecordSplitter } from '../../src/connectors/record-file/splitter.ts';
import { isRecordError, type RecordChunk } from '../../src/sources/port.ts';

export const standard: Dialect = { delimiter: ',', quote: '"', escape: '"', lineEnd: 'auto' };

/** `bytes` in pieces that end at `cuts`. */
export function piecesOf(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const ends = [...new Set([...cuts, bytes.length])].filter((cut) => cut <= bytes.length).toSorted((a, b) => a - b);
  return ends.map((end, i) => Buffer.from(bytes.subarray(ends[i - 1] ?? 0, end)));
}

/** All chunks that are read from `pieces`. */
export async function chunksOf(pieces: readonly Buffer[], splitter: RecordSplitter): Promise<RecordChunk[]> {
  const left = [...pieces];
  const chunks: RecordChunk[] = [];
  const bytes = {
    async next(rest?: Buffer) {
      const piece = left.shift();
      return piece === undefined ? null : joined(rest, piece);
    },
  };
  const file = { file: 'a.csv', isCompressed: false, head: { bytes: 0, digest: '' } };
  for await (const chunk of recordChunks({
    name: 'a.csv',
    bytes,
    splitter,
    meta: { version: 1 },
    offset: 0,
    line: 1,
    file,
  })) {
    chunks.push(chunk);
  }
  return chunks;
}

/** The bytes of each record. */
export function recordsOf(chunks: readonly RecordChunk[]): string[] {
  return chunks.flatMap(({ bytes, ends }) =>
    Array.from(ends, (end, i) => bytes.toString('latin1', ends[i - 1] ?? 0, end)),
  );
}

/** Fields by position; `'malformed'` for a record that cannot be parsed. */
export async function rowsOf(pieces: readonly Buffer[], dialect: Dialect): Promise<(string[] | 'malformed')[]> {
  const parser = new CsvParser(dialect, { header: [], types: {}, nulls: [] });
  const chunks = await chunksOf(pieces, new CsvSplitter(dialect, 1 << 20));
  return chunks.flatMap(({ bytes, ends }) =>
    decodeTexts({ bytes, ends: Uint32Array.from(ends) }, (text, from, to) => {
      try {
        return parser.fields(text, from, to);
      } catch (error) {
        if (isRecordError(error)) return 'malformed';
        throw error;
      }
    }),
  ) as (string[] | 'malformed')[];
}

export async function itemsOf(
  text: string,
  columns: Partial<Columns> & { header: readonly string[] },
): Promise<unknown[]> {
  const parser = new CsvParser(standard, { types: {}, nulls: [''], ...columns });
  const chunks = await chunksOf([Buffer.from(text)], new CsvSplitter(standard, 1 << 20));
  return chunks.flatMap(({ bytes, ends }) =>
    decodeTexts({ bytes, ends: Uint32Array.from(ends) }, (record, from, to) => parser.item(record, from, to)),
  );
}

/**
 * The rules to the letter: a character at a time, and back to the first line end where a record turns out to be malformed.
 */
export function slowRows(text: string, dialect: Dialect): (string[] | 'malformed')[] {
  const { delimiter, quote, escape, lineEnd } = dialect;
  const ends = lineEnd === 'auto' ? ['\r\n', '\n'] : [lineEnd];
  const endAt = (at: number): number => ends.find((end) => text.startsWith(end, at))?.length ?? 0;
  const rows: (string[] | 'malformed')[] = [];
  let at = 0;
  const record = (): string[] | undefined => {
    const fields: string[] = [];
    for (;;) {
      let field = '';
      if (quote !== null && text[at] === quote) {
        at++;
        for (;;) {
          if (at >= text.length) return undefined;
          if (escape !== quote && text[at] === escape) {
            if (at + 1 >= text.length) return undefined;
            field += text[at + 1]!;
            at += 2;
          } else if (text[at] === quote) {
            if (escape === quote && text[at + 1] === quote) {
              field += quote;
              at += 2;
            } else {
              at++;
              break;
            }
          } else field += text[at++]!;
        }
        if (at < text.length && endAt(at) === 0 && !text.startsWith(delimiter, at)) return undefined;
      } else {
        while (at < text.length && endAt(at) === 0 && !text.startsWith(delimiter, at)) field += text[at++]!;
      }
      fields.push(field);
      const end = at < text.length ? endAt(at) : 0;
      if (at >= text.length || end > 0) {
        at += end;
        return fields;
      }
      at += delimiter.length;
    }
  };
  for (;;) {
    while (at < text.length && endAt(at) > 0) at += endAt(at);
    if (at >= text.length) return rows;
    const start = at;
    const fields = record();
    if (fields === undefined) {
      at = start;
      while (at < text.length && endAt(at) === 0) at++;
      at += endAt(at);
    }
    rows.push(fields ?? 'malformed');
  }
}
