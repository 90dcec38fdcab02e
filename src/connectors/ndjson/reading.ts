/** The part of `from.ndjson` that is loaded only when the source is opened. */
import type { Bigints } from '../../core/exact-json.ts';
import type { CheckContext, DecoderOf, Meta, OpenContext, OpenSource } from '../../sources/port.ts';
import { markBytes, startOfText } from '../record-file/byte-order-mark.ts';
import { Unread } from '../record-file/bytes.ts';
import { decodeTexts } from '../record-file/decode-texts.ts';
import { openInput } from '../record-file/input.ts';
import { openRecords } from '../record-file/open-records.ts';
import { resolvedWhere } from '../record-file/where.ts';
import type { NdjsonSettings } from './options.ts';
import { parseLine } from './parser.ts';
import { LineSplitter } from './splitter.ts';

/** Stored with records. A schema cannot be stored, so records are checked with the one in the pipeline. */
interface NdjsonMeta extends Meta {
  readonly version: 1;
  readonly bigints: Bigints;
}

/** Opens the file in the producer. */
export async function openNdjson(settings: NdjsonSettings, context: OpenContext): Promise<OpenSource> {
  const meta: NdjsonMeta = { version: 1, bigints: settings.bigints };
  return await openRecords(
    settings,
    async (input, maxItemBytes) => {
      const bytes = new Unread(input.read());
      const offset = startOfText(await bytes.peek(markBytes), input.name);
      await bytes.drop(offset);
      return { splitter: new LineSplitter(maxItemBytes), meta, offset, line: 1, bytes };
    },
    context,
  );
}

/** Parses records in a consumer. */
export function ndjsonDecoder({ schema }: Pick<NdjsonSettings, 'schema'>): DecoderOf {
  return (meta) => {
    const { bigints } = meta as NdjsonMeta;
    return (run) => decodeTexts(run, (text, from, to) => parseLine(text.slice(from, to), bigints, schema));
  };
}

/** Opens the file without reading anything. */
export async function checkNdjson(settings: NdjsonSettings, { resolve }: CheckContext): Promise<readonly string[]> {
  const input = await openInput(resolvedWhere(settings.where, resolve), settings.compression);
  await input.close();
  return [input.file === undefined ? `${input.name} is a pipe: nothing was read` : `${input.name} can be read`];
}
