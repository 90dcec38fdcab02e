import { describe, expect, it } from '@jest/globals';
import { alternate } from '../../../bench/measure/rounds.ts';

describe('rounds', () => {
  it('run each contender once per round, one at a time, and begin with a different one each time', async () => {
    const ran: string[] = [];
    const contender = (name: string) => async (round: number) => {
      ran.push(`${name}${round} in`);
      await Promise.resolve();
      ran.push(`${name}${round} out`);
      return round;
    };
    const results = await alternate(3, { a: contender('a'), b: contender('b') });
    expect(results).toEqual({ a: [0, 1, 2], b: [0, 1, 2] });
    expect(ran.map((text) => text.replace(/ (in|out)/, ''))).toEqual(
      ['a0', 'b0', 'b1', 'a1', 'a2', 'b2'].flatMap((run) => [run, run]),
    );
  });

  it('end at the first failure', async () => {
    const failing = alternate(2, { a: () => Promise.reject(new Error('expected 10 rows, got 9')) });
    await expect(failing).rejects.toThrow('expected 10 rows, got 9');
  });
});
