import { configError } from '../../core/errors.ts';

/** What editors on Windows put in front of UTF-8. */
export const byteOrderMark = Buffer.from('\uFEFF');

/** Throws a configuration error if a file that begins with `head` is UTF-16. */
export function refuseUtf16(head: Buffer, file: string): void {
  const [first, second] = head;
  if ((first !== 0xff || second !== 0xfe) && (first !== 0xfe || second !== 0xff)) return;
  throw configError('SOURCE_ENCODING', `${file}: expected UTF-8, got UTF-16; convert it: iconv -f UTF-16 -t UTF-8`);
}
