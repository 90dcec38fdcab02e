import { describe, expect, it } from '@jest/globals';
import type { Chunk } from '../../../src/sources/port.ts';
import { AProducer, type AProducerOptions } from './a-producer.ts';

const long = `${'x'.repeat(100 * 1024)}\n`;
const meta = { version: 1 };

/** One chunk with two records; the first is long. */
function* records(first = long): Generator<Chunk> {
  const bytes = Buffer.from(`${first}b\n`);
  yield { bytes, ends: [bytes.length - 2, bytes.length], meta };
}

const reading = (maxItemBytes: number, more: Partial<AProducerOptions> = {}): AProducer =>
  new AProducer({ open: () => records(), yields: 'chunks', frameItems: 1, windowBytes: 1e6, maxItemBytes, ...more });

describe('a long record that was the last one stored', () => {
  it.each([
    ['lower', 1e6, 1000],
    ['higher', 1000, 1e6],
  ])('counts as unchanged with a %s maxItemBytes', async (_, before, after) => {
    const first = reading(before);
    await first.readAll();
    const { position } = first.sent[0]!;
    expect(position.count).toBe(1);
    expect(await reading(after, { position }).readAll()).toEqual({ isAtEnd: true, items: ['b\n'] });
  });

  it('counts as changed if its first bytes differ', async () => {
    const first = reading(1e6);
    await first.readAll();
    const { position } = first.sent[0]!;
    const changed = reading(1000, { position, open: () => records(`y${long.slice(1)}`) });
    await expect(changed.readAll()).rejects.toMatchObject({ code: 'SOURCE_CHANGED' });
  });
});
