import { configError } from '../../core/errors.ts';

/** Editors on Windows put this mark before UTF-8 text. */
const mark = Buffer.from('\uFEFF');

/** How many bytes are needed to see whether a file begins with the mark. */
export const markBytes = mark.length;

/**
 * The position at which the text of a file begins: after the byte order mark, if it has one. `head` holds its first
 * bytes. Throws a configuration error for UTF-16.
 */
export function startOfText(head: Buffer, file: string): number {
  const [first, second] = head;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) {
    throw configError('SOURCE_ENCODING', `${file}: expected UTF-8, got UTF-16; convert it: iconv -f UTF-16 -t UTF-8`);
  }
  return head.subarray(0, markBytes).equals(mark) ? markBytes : 0;
}
