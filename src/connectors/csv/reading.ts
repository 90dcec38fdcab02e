/** The part of `from.csv` that is loaded only when the source is opened. */
import type { CheckContext, DecoderContext, DecoderOf, Meta, OpenContext, OpenSource } from '../../sources/port.ts';
import { decodeTexts } from '../record-file/decode-texts.ts';
import { openInput } from '../record-file/input.ts';
import { openRecords } from '../record-file/open-records.ts';
import { resolvedWhere } from '../record-file/where.ts';
import type { Dialect } from './dialect.ts';
import type { CsvSettings } from './options.ts';
import { CsvParser, type Columns } from './parser.ts';
import { readPreamble } from './preamble.ts';
import { CsvSplitter } from './splitter.ts';

/** Stored with records: everything that is needed to parse them. */
interface CsvMeta extends Meta, Columns {
  readonly version: 1;
  readonly dialect: Dialect;
}

/** Opens the file in the producer. */
export async function openCsv(settings: CsvSettings, context: OpenContext): Promise<OpenSource> {
  return await openRecords(
    settings,
    async (input, maxItemBytes) => {
      const preamble = await readPreamble(input, { ...settings, maxItemBytes });
      if (preamble === undefined) return undefined;
      const { dialect, header, offset, line, bytes } = preamble;
      const meta: CsvMeta = { version: 1, dialect, header, types: settings.types, nulls: settings.nulls };
      return { splitter: new CsvSplitter(dialect, maxItemBytes), meta, offset, line, bytes };
    },
    context,
  );
}

/** Parses records in a consumer. */
export function csvDecoders({ isSecret }: DecoderContext): DecoderOf {
  return (meta) => {
    const { dialect, ...columns } = meta as CsvMeta;
    const parser = new CsvParser(dialect, columns, isSecret);
    return (run) => decodeTexts(run, (text, from, to) => parser.item(text, from, to));
  };
}

/** Reads the header of a file. From a pipe it reads nothing. */
export async function checkCsv(settings: CsvSettings, { resolve }: CheckContext): Promise<readonly string[]> {
  const input = await openInput(resolvedWhere(settings.where, resolve), settings.compression);
  try {
    if (input.file === undefined) return [`${input.name} is a pipe: nothing was read`];
    const preamble = await readPreamble(input, settings);
    if (preamble === undefined) return [`${input.name} is empty`];
    return [`${input.name}: ${preamble.header.length} columns: ${preamble.header.join(', ')}`];
  } finally {
    await input.close();
  }
}
