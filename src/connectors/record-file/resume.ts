import { configError, type MillraceError } from '../../core/errors.ts';
import { Unread } from './bytes.ts';
import { digestOf, type FileCursor } from './cursor.ts';
import type { Input, RereadableFile } from './input.ts';

/**
 * The bytes after the cursor. Throws a configuration error if the file is not the one that was read before. It may have
 * grown: only its first bytes and the last record that was read are compared.
 */
export async function resumed({ name, isCompressed, file }: Input, cursor: FileCursor): Promise<Unread> {
  if (file === undefined) throw changed(name, 'it was a file');
  if (isCompressed !== cursor.isCompressed) {
    throw changed(name, isCompressed ? 'it was not compressed' : 'it was compressed');
  }
  await checkHead(name, file, cursor);
  const { last } = cursor;
  const bytes = new Unread(await file.readFrom(last.start));
  const record = await bytes.take(last.bytes);
  if (record.length < last.bytes) {
    throw changed(name, `it now ends at byte ${last.start + record.length}, and was read up to byte ${cursor.offset}`);
  }
  if (digestOf(record) !== last.digest)
    throw changed(name, `the record at byte ${last.start} differs from the one that was read`);
  await bytes.drop(cursor.offset - last.start - last.bytes);
  if (!cursor.isLineEnded && (await bytes.peek(1)).length > 0) {
    throw changed(name, 'its last record had no line end, but now more text follows it');
  }
  return bytes;
}

async function checkHead(name: string, file: RereadableFile, { head }: FileCursor): Promise<void> {
  const bytes = await file.head(head.bytes);
  if (bytes.length < head.bytes) throw changed(name, `it has only ${bytes.length} bytes now`);
  if (digestOf(bytes) !== head.digest) throw changed(name, 'its beginning has changed');
}

/** The file differs from the one that this run has read: exit 78. */
function changed(name: string, what: string): MillraceError {
  return configError(
    'SOURCE_CHANGED',
    `${name}: this is not the file that this run has read: ${what}. Put that file back, or one that was appended to, and ` +
      'run the same command; or start over with --fresh.',
  );
}
