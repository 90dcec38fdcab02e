import { createInterface } from 'node:readline/promises';
import { usageError } from '../core/errors.ts';
import type { RunRecord } from '../queue/store.ts';

/**
 * Asks before a queue is set aside: on a terminal by a question, elsewhere by demanding --yes. Throws a usage error
 * (exit 64) if the answer is no.
 */
export function confirmFresh({
  yes,
  isTerminal,
}: {
  yes: boolean;
  isTerminal: boolean;
}): (run: RunRecord) => Promise<void> {
  return async ({ state, stored, done, dead }) => {
    if (yes) return;
    const open = stored - done - dead;
    const what = state === 'finished' ? 'a finished run' : `a run with ${open} open items`;
    if (!isTerminal)
      throw usageError(`--fresh sets ${what} aside; without a terminal to ask on it wants --yes as well`);
    const terminal = createInterface({ input: process.stdin, output: process.stderr });
    try {
      const answer = await terminal.question(`Set ${what} aside and start over? Nothing is deleted. [y/N] `);
      if (!/^y(es)?$/i.test(answer.trim())) throw usageError('nothing was changed');
    } finally {
      terminal.close();
    }
  };
}
