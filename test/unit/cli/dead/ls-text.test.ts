import type { DeadLetter } from '../../../../src/core/dead-letters.ts';
import { describe, expect, it } from '@jest/globals';
import { deadText } from '../../../../src/cli/dead/ls-text.ts';

const letter: DeadLetter = {
  seq: 7,
  run: 'r',
  origin: 7,
  attempts: 1,
  kills: 0,
  reason: 'it broke',
  error: { code: 'E', message: 'it broke', stack: 'somewhere' },
  history: [],
  item: { id: 7n },
  diedAt: 0,
};

function lines(changes: Partial<DeadLetter>): string[] {
  return deadText([{ ...letter, ...changes }], false)
    .trimEnd()
    .split('\n');
}

describe('a dead letter for people', () => {
  it('shows when and why it died, and the item', () => {
    expect(lines({})).toEqual(['7  1970-01-01T00:00:00.000Z  1 attempt', '    E: it broke', '    {"id":"7"}']);
  });

  it('shows a reason that is not the error, and its first number', () => {
    expect(lines({ origin: 3, reason: 'killed its consumer 3 times', attempts: 3 })[0]).toBe(
      '7 (first 3)  1970-01-01T00:00:00.000Z  3 attempts, killed its consumer 3 times',
    );
  });

  it('shows its error once', () => {
    const reason = 'failed 3 times, the last time: it broke';
    expect(lines({ reason, attempts: 3 })).toEqual([
      '7  1970-01-01T00:00:00.000Z  3 attempts',
      '    E: failed 3 times, the last time: it broke',
      '    {"id":"7"}',
    ]);
  });

  it('shows the line of the user’s code in which it died', () => {
    const error = { code: 'E', message: 'it broke', at: '/srv/p.ts:7:9' };
    expect(lines({ error }).slice(1, 3)).toEqual(['    E: it broke', '    at /srv/p.ts:7:9']);
  });

  it('is short and cannot control the terminal', () => {
    const shown = lines({ item: 'x\u001b[2J'.repeat(1000), error: { code: 'E\n', message: '\u001b'.repeat(1000) } });
    expect(shown).toHaveLength(3);
    expect(Math.max(...shown.map((line) => line.length))).toBeLessThan(600);
    expect(shown.join('')).toMatch(/^\P{Cc}*$/u);
  });
});
