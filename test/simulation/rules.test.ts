import { describe, expect, it } from '@jest/globals';
import { Violation, type Claim } from './checks/violation.ts';
import { leftOut } from './rules.ts';
import { run } from './run.ts';

/** A rule that is left out must be found within this many worlds. */
const mostSeeds = 500;

/** For each rule, the claims that may break first. */
const broken: Record<string, readonly Claim[]> = {
  '1': ['S1', 'S10', 'S11'],
  '2': ['S7', 'S13'],
  '3': ['S1', 'S9', 'S10', 'S11'],
  '4': ['S1', 'S11'],
  '5': ['S2', 'S4', 'S8'],
  '6': ['S4', 'S7', 'S10'],
  '7': ['S8', 'S11'],
  '8': ['S3', 'S4', 'S6', 'S17'],
  '9': ['S3'],
  '12': ['S5'],
  '13': ['S14'],
  '15a': ['S12'],
  '15b': ['S12'],
  '15c': ['S12'],
  '17a': ['S20'],
  '17b': ['S20'],
  '7b': ['S1', 'S11'],
  A1: ['S3'],
  A2: ['S2'],
  A3: ['S2'],
  A4: ['S22'],
  '11a': ['S16'],
  '11b': ['S16'],
  '11c': ['S16'],
  '11d': ['S15', 'S16'],
  R: ['S19'],
};

describe('the checker', () => {
  it('is tested with each rule that can be left out', () => {
    expect(Object.keys(leftOut).map((rule) => rule.split(':')[0])).toEqual(Object.keys(broken));
  });

  it.each(Object.entries(leftOut))(
    'notices that a rule of the protocol is left out: %s',
    async (rule, departure) => {
      for (let seed = 1; seed <= mostSeeds; seed++) {
        const { failure } = await run(seed, departure);
        if (!failure) continue;
        expect(failure).toBeInstanceOf(Violation);
        expect(broken[rule.split(':')[0]!]).toContain((failure as Violation).claim);
        return;
      }
      throw new Error(`nothing was found in ${mostSeeds} worlds`);
    },
    300_000,
  );
});
