import { describe, expect, it } from '@jest/globals';
import { simulate } from './command.ts';
import { run } from './run.ts';

describe('a simulated world', () => {
  // `npm run test:simulation` runs more worlds, without jest, because jest is slow.
  it('keeps every promise, even if processes die at any moment and other parts break', async () => {
    for (let seed = 1; seed <= 20; seed++) {
      const { failure, story } = await run(seed);
      expect(failure && `seed ${seed}: ${failure.message}\n${story.slice(-60).join('\n')}`).toBeUndefined();
    }
  });

  it('repeats step by step for the same seed', async () => {
    for (let seed = 1000; seed < 1004; seed++) {
      const [first, second] = [await run(seed), await run(seed)];
      expect(second.story.join('\n')).toBe(first.story.join('\n'));
      expect(second.failure?.message).toBe(first.failure?.message);
    }
  });
});

describe('npm run simulate', () => {
  async function output(...args: string[]): Promise<{ exitCode: number; text: string }> {
    const lines: string[] = [];
    const exitCode = await simulate(args, { print: (text) => lines.push(text), now: () => 0 });
    return { exitCode, text: lines.join('\n') };
  }

  it('reports how many worlds were correct and how fast they ran', async () => {
    const { exitCode, text } = await output('--seeds', '3', '--from', '7');
    expect(exitCode).toBe(0);
    expect(text).toMatch(/^3 seeds from 7 in \d+ s: [\d.]+ seeds\/s, \d+ steps\/s, all well$/);
  });

  it('prints the whole story of one seed', async () => {
    const { exitCode, text } = await output('--seed', '3');
    expect(exitCode).toBe(0);
    expect(text).toContain((await run(3)).story.join('\n'));
  });

  it('says what it expected if an option is invalid', async () => {
    await expect(output('--seed', 'x')).rejects.toThrow('--seed: expected a whole number below 2^32, got "x"');
  });
});
