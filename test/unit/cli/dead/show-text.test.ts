import type { DeadLetter } from '../../../../src/core/dead-letters.ts';
import { describe, expect, it } from '@jest/globals';
import { letterText } from '../../../../src/cli/dead/show-text.ts';

const letter: DeadLetter = {
  seq: 9,
  run: 'r',
  origin: 2,
  attempts: 1,
  kills: 3,
  reason: 'killed its consumer 3 times: SIGSEGV',
  error: { code: 'KILLED_CONSUMER', message: 'killed its consumer 3 times: SIGSEGV' },
  history: [
    { at: 0, code: 'E', message: 'expected a name\n  in line 2: none there' },
    { at: 60_000, code: 'KILLED_CONSUMER', message: 'killed its consumer 3 times: SIGSEGV' },
  ],
  item: { id: 7 },
  diedAt: 61_000,
};

describe('the details of a dead letter', () => {
  it('contain its kills, and its history with the lines of each error below each other', () => {
    expect(letterText(letter)).toBe(`dead letter 9 (originally 2)
  died      1970-01-01T00:01:01.000Z after 1 attempt
  kills     of its consumer: 3
  run       r
  error     KILLED_CONSUMER: killed its consumer 3 times: SIGSEGV
  history   1970-01-01T00:00:00.000Z  E: expected a name
                                        in line 2: none there
            1970-01-01T00:01:00.000Z  KILLED_CONSUMER: killed its consumer 3 times: SIGSEGV
  item      {
              "id": 7
            }

`);
  });

  it('contain its stack down to the pipeline, without the callers in Millrace', () => {
    const own = `${process.cwd()}/src/working/slots.ts`;
    const stack = `Error: no\n  at load (/srv/node_modules/csv/a.js:1:2)\n    at process (/srv/p.ts:7:1)\n    at Slots.#start (${own}:9:1)\n    at node:internal/x:1:1`;
    const error = { code: 'E', message: 'no', stack, at: '/srv/p.ts:7:1' };
    const shown = letterText({ ...letter, reason: 'failed twice, the last time: no', error });
    expect(shown).toContain(`
  reason    failed twice, the last time
  error     E: no
  at        /srv/p.ts:7:1
  stack     at load (/srv/node_modules/csv/a.js:1:2)
            at process (/srv/p.ts:7:1)
  history `);
  });

  it('contain the error of a letter once if it failed once', () => {
    const [only] = letter.history;
    const shown = letterText({
      ...letter,
      reason: 'failed once: no',
      error: { code: 'E', message: 'no' },
      history: [only!],
    });
    expect(shown).toMatch(/reason {4}failed once\n/);
    expect(shown).not.toContain('history');
  });

  it('do not mention kills if there were none', () => {
    expect(letterText({ ...letter, kills: 0 })).not.toMatch(/^ +kills/m);
  });
});
