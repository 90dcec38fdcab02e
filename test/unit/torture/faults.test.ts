import { describe, expect, it } from '@jest/globals';
import { schedule, type Planned, type Range } from '../../../src/torture/faults.ts';
import { seededRandom } from '../../../src/core/seeded-random.ts';

function first(count: number, seed: number, range: Partial<Range> = {}): Planned[] {
  const planned = schedule(seededRandom(seed), { canFillDisk: true, sinks: 1, finishing: [], ...range });
  return Array.from({ length: count }, () => planned.next().value);
}

describe('the schedule', () => {
  it('is the same for the same seed, and different for a different seed', () => {
    expect(first(100, 1)).toEqual(first(100, 1));
    expect(first(100, 1)).not.toEqual(first(100, 2));
  });

  it('has faults of all kinds, for all targets and at all points', () => {
    const faults = first(2000, 3).map(({ fault }) => fault);
    const seen = (words: (fault: (typeof faults)[number]) => unknown): Set<unknown> => new Set(faults.map(words));
    expect(seen(({ kind }) => kind)).toEqual(new Set(['kill', 'trap', 'freeze', 'orphan', 'stop', 'disk full']));
    expect(seen((fault) => fault.kind === 'kill' && fault.target)).toEqual(
      new Set([false, 'consumer', 'producer', 'supervisor', 'everything']),
    );
    expect(seen((fault) => fault.kind === 'trap' && fault.point).size).toBe(7);
    expect(seen((fault) => fault.kind === 'trap' && fault.doomed)).toEqual(
      new Set([false, 'self', 'supervisor', 'both']),
    );
  });

  it('fills no disk if no small disk exists', () => {
    expect(first(2000, 3, { canFillDisk: false }).filter(({ fault }) => fault.kind === 'disk full')).toEqual([]);
  });

  it('kills at the commits of each sink, and in `finish` of the sinks that have it', () => {
    const traps = (range: Partial<Range>): Set<string> =>
      new Set(
        first(3000, 3, range).flatMap(({ fault }) => (fault.kind === 'trap' ? [`${fault.point} ${fault.sink}`] : [])),
      );
    expect([...traps({ sinks: 3, finishing: [1, 2] })]).toEqual(
      expect.arrayContaining([
        ...[0, 1, 2].flatMap((sink) => [`before commit ${sink}`, `after commit ${sink}`]),
        ...[1, 2].flatMap((sink) => [`before finish ${sink}`, `after finish ${sink}`]),
        'item yielded 0',
      ]),
    );
    expect([...traps({})].filter((trap) => /finish|[12]$/.test(trap))).toEqual([]);
  });
});

describe('seeded randomness', () => {
  it('is spread over [0, 1)', () => {
    const random = seededRandom(4);
    const tenths = Array.from({ length: 10 }, () => 0);
    for (let i = 0; i < 10_000; i++) tenths[Math.floor(random() * 10)]! += 1;
    for (const tenth of tenths) expect(Math.abs(tenth - 1000)).toBeLessThan(150);
  });
});
