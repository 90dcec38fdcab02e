import type { Bigints } from '../../core/exact-json.ts';
import { defineSource, type Meta, type SourceSpec } from '../../sources/port.ts';
import { byteOrderMark, refuseUtf16 } from '../record-file/byte-order-mark.ts';
import { Unread } from '../record-file/bytes.ts';
import { decodeTexts } from '../record-file/decode-texts.ts';
import { nameOf, openInput, type Input } from '../record-file/input.ts';
import { openRecords, type Beginning } from '../record-file/open-records.ts';
import type { FileOrStdin } from '../record-file/fields.ts';
import type { NdjsonFields } from './fields.ts';
import { ndjsonSettings } from './options.ts';
import { parseLine } from './parser.ts';
import { LineSplitter } from './splitter.ts';

/** What travels with records. A schema cannot: the pipeline's own is used. */
interface NdjsonMeta extends Meta {
  readonly version: 1;
  readonly bigints: Bigints;
}

/** The lines of a file, each of which is JSON. The consumers parse them. See docs/connectors/ndjson.md. */
// oxlint-disable-next-line typescript/no-explicit-any -- nobody has said what is in the file
export function ndjson<Item = any>(options: FileOrStdin & NdjsonFields<Item>): SourceSpec<Item> {
  const settings = ndjsonSettings(options);
  const { bigints, schema } = settings;
  const meta: NdjsonMeta = { version: 1, bigints };
  const begin = async (input: Input, maxItemBytes: number): Promise<Beginning> => {
    const bytes = new Unread(input.read());
    const { offset } = await skipByteOrderMark(bytes, input.name);
    return { splitter: new LineSplitter(maxItemBytes), meta, offset, line: 1, bytes };
  };
  return defineSource({
    kind: 'ndjson',
    target: nameOf(settings.where),
    resumes: 'by cursor',
    settles: false,
    onBadRecord: settings.onBadRow,
    open: (context) => openRecords(settings, begin, context),
    decode: (read) => {
      const { bigints: asRead } = read as NdjsonMeta;
      return (run) => decodeTexts(run, (text, from, to) => parseLine(text.slice(from, to), asRead, schema));
    },
    async check() {
      const input = await openInput(settings.where, settings.compression);
      await input.close();
      return [input.file === undefined ? `${input.name} is a pipe: nothing was read` : `${input.name} can be read`];
    },
  });
}

async function skipByteOrderMark(bytes: Unread, name: string): Promise<{ offset: number }> {
  const head = await bytes.peek(byteOrderMark.length);
  refuseUtf16(head, name);
  const offset = head.equals(byteOrderMark) ? head.length : 0;
  await bytes.drop(offset);
  return { offset };
}
