import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { emissionsOf } from '../../../src/torture/emissions.ts';
import type { ProducerEntry } from '../../../src/torture/journal.ts';

const open = (after: string): ProducerEntry => ({ t: 'open', after });
const items = (...digests: string[]): ProducerEntry => ({ t: 'items', digests });
const cursor = (text: string): ProducerEntry => ({ t: 'cursor', cursor: text });

describe('the output of a source', () => {
  it('is numbered from the start of the source, even by a producer that resumes after a cursor', () => {
    const first = [open(''), items('a', 'b'), cursor('after b'), items('c')];
    const second = [open('after b'), items('c', 'd'), { t: 'end' as const }];
    expect(emissionsOf([second, first])).toEqual([
      { at: '#1', digest: 'a' },
      { at: '#2', digest: 'b' },
      { at: '#3', digest: 'c' },
      { at: '#3', digest: 'c' },
      { at: '#4', digest: 'd' },
    ]);
  });

  it('is kept apart if a producer began after a cursor that no producer had reported', () => {
    const found = emissionsOf([
      [open(''), items('a')],
      [open('unknown'), items('a')],
    ]);
    expect(new Set(found.map(({ at }) => at)).size).toBe(2);
  });

  it('is kept apart if two producers with the same pid share a journal', () => {
    expect(emissionsOf([[open(''), items('a'), open(''), items('a', 'b')]]).map(({ at }) => at)).toEqual([
      '#1',
      '#1',
      '#2',
    ]);
  });

  it('has each place once with its own item, however producers divide chunks and whichever cursor they resume after', () => {
    const chunkSizes = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 12 });
    const producer = fc.record({ chunkSizes, resumeAt: fc.double({ min: 0, max: 1, noNaN: true }) });
    fc.assert(
      fc.property(fc.array(producer, { minLength: 1, maxLength: 5 }), fc.nat(), (producers, rotation) => {
        const reported = [0];
        const journals = producers.map(({ chunkSizes: sizes, resumeAt }) => {
          let at = reported[Math.floor(resumeAt * (reported.length - 1))]!;
          const journal = [open(at === 0 ? '' : `c${at}`)];
          for (const size of sizes) {
            journal.push(items(...Array.from({ length: size }, (_, i) => `item ${at + i + 1}`)));
            at += size;
            journal.push(cursor(`c${at}`));
            reported.push(at);
          }
          return journal;
        });
        const turned = journals.map((_, i) => journals[(i + rotation) % journals.length]!);
        for (const { at, digest } of emissionsOf(turned)) expect(digest).toBe(`item ${at.slice(1)}`);
      }),
    );
  });
});
