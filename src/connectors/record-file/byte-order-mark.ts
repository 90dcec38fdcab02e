import { configError } from '../../core/errors.ts';

/** What editors on Windows put in front of UTF-8. */
const mark = Buffer.from('\uFEFF');

/** So many of a file's first bytes show whether it begins with the mark. */
export const markBytes = mark.length;

/**
 * Where the text of a file begins that begins with `head`: after the mark, if it has one. Throws a configuration error for
 * UTF-16.
 */
export function startOfText(head: Buffer, file: string): number {
  const [first, second] = head;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) {
    throw configError('SOURCE_ENCODING', `${file}: expected UTF-8, got UTF-16; convert it: iconv -f UTF-16 -t UTF-8`);
  }
  return head.subarray(0, markBytes).equals(mark) ? markBytes : 0;
}
