import type { RecordFacts } from '../core/dead-letters.ts';
import type { Frame } from './frame.ts';
import { recordOf } from './records.ts';

/** A raw record as text, for people. */
export interface RecordText extends RecordFacts {
  text: string;
}

/** The only record of a frame. */
export function textOfRecord(frame: Frame): RecordText {
  const { kind, bytes, meta, at, length } = recordOf(frame, 0);
  const { encoding = 'utf-8' } = meta;
  const text = decodedText(bytes, encoding);
  const isExact = length === undefined && encodedText(text, encoding)?.equals(bytes) === true;
  return {
    text,
    kind,
    encoding,
    ...at,
    ...(length !== undefined && { length }),
    ...(!isExact && { base64: bytes.toString('base64') }),
  };
}

/** Text as bytes; undefined if that encoding can only be read. */
export function encodedText(text: string, encoding: string): Buffer | undefined {
  const writable: Readonly<Record<string, BufferEncoding>> = {
    'utf-8': 'utf8',
    utf8: 'utf8',
    'utf-16le': 'utf16le',
    'us-ascii': 'latin1',
    'iso-8859-1': 'latin1',
    latin1: 'latin1',
  };
  const known = writable[encoding.toLowerCase()];
  return known && Buffer.from(text, known);
}

function decodedText(bytes: Buffer, encoding: string): string {
  try {
    return new TextDecoder(encoding, { ignoreBOM: true }).decode(bytes);
  } catch {
    // This Node does not know the label. For people, this text is better than none.
    return bytes.toString('latin1');
  }
}
