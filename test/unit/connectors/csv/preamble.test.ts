import { describe, expect, it } from '@jest/globals';
import { csvSettings } from '../../../../src/connectors/csv/options.ts';
import { readPreamble } from '../../../../src/connectors/csv/preamble.ts';
import { joined } from '../../../../src/connectors/record-file/bytes.ts';
import type { Input } from '../../../../src/connectors/record-file/input.ts';

/** A pipe that delivers at most this many bytes at a time. */
function pipe(text: string, most: number): Input {
  const bytes = Buffer.from(text);
  let at = 0;
  const next = (rest?: Buffer): Promise<Buffer | null> => {
    const piece = Buffer.from(bytes.subarray(at, at + most));
    at += piece.length;
    return Promise.resolve(piece.length === 0 ? null : joined(rest, piece));
  };
  return {
    name: 'stdin',
    isCompressed: false,
    file: undefined,
    read: () => ({ next }),
    close: () => Promise.resolve(),
  };
}

describe('a byte order mark before the first row', () => {
  it.each([1, 2, 3, 100])('is skipped, even in a pipe that delivers %i bytes at a time', async (most) => {
    const settings = csvSettings({ stdin: true, header: ['id', 'name'], lineEnd: '\n' });
    expect(await readPreamble(pipe('\uFEFF1,a\n', most), settings)).toMatchObject({ offset: 3, line: 1 });
  });
});
