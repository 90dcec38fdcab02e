import { Buffer } from 'node:buffer';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { CsvError, parse } from 'csv-parse/sync';
import spectrum from 'csv-spectrum';
import fc from 'fast-check';
import type { Dialect } from '../../../../src/connectors/csv/dialect.ts';
import { CsvSplitter } from '../../../../src/connectors/csv/splitter.ts';
import { chunksOf, itemsOf, piecesOf, recordsOf, rowsOf, slowRows, standard } from '../../../support/csv.ts';

/** Characters that matter to the reader, and some that do not, of one to four bytes. */
const parts = [
  'a',
  'bc',
  '7',
  ' ',
  'ü',
  '€',
  '😀',
  '"',
  '"',
  '""',
  ',',
  ',',
  ',',
  '\n',
  '\n',
  '\r\n',
  '\r',
  '\\',
  ';',
  '|',
];
const anyText = fc.array(fc.constantFrom(...parts), { maxLength: 40 }).map((some) => some.join(''));
const cuts = fc.array(fc.nat(80), { maxLength: 6 });

const dialects = fc.constantFrom<Dialect>(
  standard,
  { ...standard, lineEnd: '\n' },
  { ...standard, lineEnd: '\r\n' },
  { ...standard, lineEnd: '\r' },
  { ...standard, lineEnd: ';;' },
  { ...standard, delimiter: ';' },
  { ...standard, delimiter: '||' },
  { ...standard, delimiter: '€' },
  { ...standard, delimiter: 'aa' },
  { ...standard, escape: '\\' },
  { ...standard, quote: null, escape: null },
  { delimiter: '||', quote: '7', escape: '\\', lineEnd: 'auto' },
);

/** What csv-parse makes of the text under the same rules. */
function theirs(text: string, { delimiter, quote, escape, lineEnd }: Dialect, relaxed = false): string[][] {
  return parse(Buffer.from(text), {
    delimiter,
    quote: quote ?? false,
    escape: escape ?? null,
    record_delimiter: lineEnd === 'auto' ? ['\r\n', '\n'] : lineEnd,
    skip_empty_lines: true,
    relax_column_count: true,
    relax_quotes: relaxed,
  });
}

describe('the CSV reader', () => {
  it('agrees with csv-parse on files that csv-parse accepts', async () => {
    await fc.assert(
      fc.asyncProperty(anyText, dialects, cuts, async (text, dialect, at) => {
        let expected: string[][];
        try {
          expected = theirs(text, dialect);
        } catch (error) {
          fc.pre(!(error instanceof CsvError));
          throw error;
        }
        expect(await rowsOf(piecesOf(Buffer.from(text), at), dialect)).toEqual(expected);
      }),
      { numRuns: 5000, maxSkipsPerRun: 1000 },
    );
  });

  it('agrees with csv-parse on well-formed files with arbitrary fields', async () => {
    const field = fc.array(fc.constantFrom(...parts), { maxLength: 6 }).map((some) => some.join(''));
    const row = fc.array(fc.tuple(field, fc.boolean()), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(fc.array(row, { maxLength: 6 }), fc.constantFrom('\n', '\r\n'), cuts, async (rows, end, at) => {
        const written = rows.map((fields) =>
          fields.map(([text, isQuoted]) =>
            isQuoted || /[",\r\n]/.test(text) || text === '' ? `"${text.replaceAll('"', '""')}"` : text,
          ),
        );
        const text = written.map((fields) => fields.join(',') + end).join('');
        const ours = await rowsOf(piecesOf(Buffer.from(text), at), standard);
        expect(ours).toEqual(rows.map((fields) => fields.map(([value]) => value)));
        expect(ours).toEqual(theirs(text, standard));
      }),
      { numRuns: 2000 },
    );
  });

  it('agrees with a slow reference reader, even on malformed records', async () => {
    await fc.assert(
      fc.asyncProperty(anyText, dialects, cuts, async (text, dialect, at) => {
        expect(await rowsOf(piecesOf(Buffer.from(text), at), dialect)).toEqual(slowRows(text, dialect));
      }),
      { numRuns: 5000 },
    );
  });

  it.each([1, 2, 3, 4, 5, 6, 7, 8, 9])(
    'finds a quoted field with a two-byte line end and a trailing delimiter in a file cut at byte %i',
    async (cut) => {
      const dialect = { ...standard, lineEnd: '\r\n' };
      const text = '"\r\nx,",b\r\n1,2\r\n';
      expect(await rowsOf(piecesOf(Buffer.from(text), [cut]), dialect)).toEqual([
        ['\r\nx,', 'b'],
        ['1', '2'],
      ]);
    },
  );

  it.each(['auto', '\r\n'])('finds a record after a blank line whose line end is cut in half (%j)', async (lineEnd) => {
    const pieces = piecesOf(Buffer.from('\r\n"\r\n"'), [1]);
    expect(await rowsOf(pieces, { ...standard, lineEnd })).toEqual([['\r\n']]);
  });

  it('accepts every single record that csv-parse accepts, and refuses those with a wrong closing quote', async () => {
    await fc.assert(
      fc.asyncProperty(anyText, async (text) => {
        for (const record of recordsOf(await chunksOf([Buffer.from(text)], new CsvSplitter(standard, 1 << 20)))) {
          const bytes = Buffer.from(record, 'latin1');
          const [ours] = await rowsOf([bytes], standard);
          let expected: string[] | 'malformed' | 'unknown';
          try {
            [expected = 'unknown'] = theirs(bytes.toString(), standard);
          } catch (error) {
            // csv-parse refuses a quote in the middle of an unquoted field; we take it as text.
            const { code } = error as CsvError;
            expected = (code as string) === 'INVALID_OPENING_QUOTE' ? 'unknown' : 'malformed';
          }
          expect(expected === 'unknown' ? 'unknown' : ours).toEqual(expected);
        }
      }),
      { numRuns: 3000 },
    );
  });

  it('finds the same records wherever the file is cut', async () => {
    await fc.assert(
      fc.asyncProperty(anyText, dialects, cuts, fc.integer({ min: 1, max: 30 }), async (text, dialect, at, most) => {
        const bytes = Buffer.from(text);
        const whole = await chunksOf([bytes], new CsvSplitter(dialect, most));
        const cut = await chunksOf(piecesOf(bytes, at), new CsvSplitter(dialect, most));
        // Blank lines belong to the preceding record, or to none if the file is cut there.
        const plain = (record: string): string => record.replace(/[\r\n;]+$/, '');
        expect(recordsOf(cut).map(plain)).toEqual(recordsOf(whole).map(plain));
        expect(cut.map(({ length }) => length).filter(Boolean)).toEqual(
          whole.map(({ length }) => length).filter(Boolean),
        );
      }),
      { numRuns: 3000 },
    );
  });
});

describe('the CSV reader with the files of csv-spectrum', () => {
  const names =
    'comma_in_quotes empty empty_crlf escaped_quotes json newlines newlines_crlf quotes_and_newlines simple simple_crlf utf8';
  it.each(names.split(' '))('reads %s as its authors intend', async (name) => {
    const { items, json } = await spectrumFile(name);
    expect(items).toEqual(json);
  });

  it('reads location_coordinates as csv-parse reads it', async () => {
    // The result that its authors expect has a different phone number from the file.
    const { items, csv } = await spectrumFile('location_coordinates');
    expect(items).toEqual(parse(csv, { columns: true, relax_quotes: true }));
  });
});

async function spectrumFile(name: string): Promise<{ items: unknown[]; json: unknown; csv: Buffer }> {
  const files = await promisify(spectrum)();
  const { csv, json } = files.find((file) => file.name === name)!;
  const [header] = await rowsOf([csv], standard);
  const [, ...items] = await itemsOf(csv.toString(), { header: header as string[], nulls: [] });
  return { items, json: JSON.parse(json.toString()) as unknown, csv };
}
