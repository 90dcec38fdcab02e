import { describe, expect, it } from '@jest/globals';
import { to } from '../../../../src/connectors/to.ts';
import { Intervals } from '../../../../src/core/intervals.ts';
import { BadRow } from '../../../../src/sinks/port.ts';
import { batchWith, capturedBy } from '../../../contract/captured-by.ts';
import { sinkContext } from '../../../contract/sink-context.ts';

/** What is written for these results. */
async function write(rows: unknown[]): Promise<string[]> {
  const pieces: string[] = [];
  const writeOut = async (bytes: Buffer): Promise<void> => void pieces.push(bytes.toString());
  const writer = await to.stdout().open(sinkContext({ writeOut }));
  await writer.commit(batchWith(Intervals.of([1, 1]), capturedBy(writer, rows)));
  return pieces;
}

describe('JSON lines', () => {
  it('have one line per result, with dates as ISO text and BigInts as text', async () => {
    const rows = [{ at: new Date(0), big: 2n ** 64n }, 'text\nwith lines', [1], 5, null];
    expect(await write(rows)).toEqual([
      '{"at":"1970-01-01T00:00:00.000Z","big":"18446744073709551616"}\n"text\\nwith lines"\n[1]\n5\nnull\n',
    ]);
  });

  it('are written whole, in pieces of moderate size', async () => {
    const rows = Array.from({ length: 2000 }, (_, i) => ({ i, text: 'x'.repeat(1000) }));
    const pieces = await write(rows);
    expect(pieces.length).toBeGreaterThan(5);
    expect(Math.max(...pieces.map((piece) => piece.length))).toBeLessThan(300_000);
    expect(pieces.every((piece) => piece.endsWith('}\n'))).toBe(true);
    expect(pieces.join('')).toBe(rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  });

  it('make a bad row of a value that JSON cannot represent', async () => {
    const writer = await to.stdout().open(sinkContext());
    for (const bad of [{ a: Number.NaN }, undefined, () => 1]) expect(() => writer.capture(bad, [])).toThrow(BadRow);
  });

  it('contain rows as they were at their capture', async () => {
    const written: string[] = [];
    const writer = await to.stdout().open(sinkContext({ writeOut: async (bytes) => void written.push(String(bytes)) }));
    const row = { id: 1, tags: ['a'] };
    const captured = capturedBy(writer, [row]);
    row.id = 2;
    row.tags.push('b');
    await writer.commit(batchWith(Intervals.of([1, 1]), captured));
    expect(written).toEqual(['{"id":1,"tags":["a"]}\n']);
  });

  it('fail the commit with an error if they cannot be written', async () => {
    const writer = await to.stdout().open(sinkContext({ writeOut: () => Promise.reject(new Error('nobody reads')) }));
    const batch = batchWith(Intervals.of([1, 1]), capturedBy(writer, [1]));
    await expect(writer.commit(batch)).rejects.toThrow('nobody reads');
  });
});
