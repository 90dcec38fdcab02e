import { defineSource, type Meta, type RecordDecoder, type SourceSpec } from '../../sources/port.ts';
import { decodeTexts } from '../record-file/decode-texts.ts';
import { nameOf, openInput } from '../record-file/input.ts';
import { openRecords } from '../record-file/open-records.ts';
import type { FileOrStdin } from '../record-file/fields.ts';
import type { Dialect } from './dialect.ts';
import type { CsvFields, CsvItem, CsvTypes } from './item.ts';
import { csvSettings, type CsvSettings } from './options.ts';
import { CsvParser, type Columns } from './parser.ts';
import { readPreamble } from './preamble.ts';
import { CsvSplitter } from './splitter.ts';

/** What travels with records: all that is needed to parse them. */
interface CsvMeta extends Meta, Columns {
  readonly version: 1;
  readonly dialect: Dialect;
}

/**
 * Rows of a CSV file, as objects. The producer only finds where records end; the consumers parse them. See
 * docs/connectors/csv.md.
 */
export function csv<const Name extends string = string, const Types extends CsvTypes = Record<never, never>>(
  options: FileOrStdin & CsvFields<Name, Types>,
): SourceSpec<CsvItem<Name, Types>> {
  const settings = csvSettings(options);
  return defineSource({
    kind: 'csv',
    target: nameOf(settings.where),
    resumes: 'by cursor',
    settles: false,
    onBadRecord: settings.onBadRow,
    open: (context) =>
      openRecords(
        settings,
        async (input, maxItemBytes) => {
          const preamble = await readPreamble(input, { ...settings, maxItemBytes });
          if (preamble === undefined) return undefined;
          const { dialect, header, offset, line, bytes } = preamble;
          const meta: CsvMeta = { version: 1, dialect, header, types: settings.types, nulls: settings.nulls };
          return { splitter: new CsvSplitter(dialect, maxItemBytes), meta, offset, line, bytes };
        },
        context,
      ),
    decode: (meta) => decoder(meta as CsvMeta),
    check: () => check(settings),
  });
}

function decoder({ dialect, ...columns }: CsvMeta): RecordDecoder {
  const parser = new CsvParser(dialect, columns);
  return (run) => decodeTexts(run, (text, from, to) => parser.item(text, from, to));
}

/** Reads the header. Of a pipe, nothing. */
async function check(settings: CsvSettings): Promise<readonly string[]> {
  const input = await openInput(settings.where, settings.compression);
  try {
    if (input.file === undefined) return [`${input.name} is a pipe: nothing was read`];
    const preamble = await readPreamble(input, settings);
    if (preamble === undefined) return [`${input.name} is empty`];
    return [`${input.name}: ${preamble.header.length} columns: ${preamble.header.join(', ')}`];
  } finally {
    await input.close();
  }
}
