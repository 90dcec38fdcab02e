import { createInterface } from 'node:readline/promises';
import { usageError } from '../core/errors.ts';
import type { Left } from '../supervision/starting/archiving.ts';

export interface FreshQuestion {
  /** The answer was given with the command. */
  yes: boolean;
  isTerminal: boolean;
  input: NodeJS.ReadableStream;
  output: NodeJS.WritableStream;
}

/**
 * Asks before a queue is archived: on a terminal by a question, elsewhere by requiring --yes. Throws a usage error
 * (exit 64) if the answer is no; Ctrl-C and Ctrl-D at the question also mean no.
 */
export function confirmFresh(
  question: FreshQuestion,
): (left: Left, stopped: AbortSignal) => Promise<'yes' | 'stopped'> {
  const { yes, isTerminal, input, output } = question;
  return async (left, stopped) => {
    if (yes) return 'yes';
    const what = describeLeft(left);
    if (!isTerminal) throw usageError(`--fresh archives ${what}; without a terminal to ask on, confirm it with --yes`);
    const terminal = createInterface({ input, output, terminal: true });
    // The terminal is in raw mode, so these two signals are handled here.
    terminal.on('SIGINT', () => terminal.close());
    const closed = new Promise<'no'>((resolve) => terminal.once('close', () => resolve('no')));
    try {
      const asked = terminal.question(`Archive ${what} and start over? Nothing is deleted. [y/N] `, {
        signal: stopped,
      });
      // It rejects when it is aborted and, with some versions of Node, when it is closed; the code below distinguishes
      // the two.
      const answer = await Promise.race([closed, asked.catch(() => 'no')]);
      if (stopped.aborted) return 'stopped';
      if (!/^y(es)?$/i.test(answer.trim())) throw usageError('nothing was changed');
      return 'yes';
    } finally {
      terminal.close();
    }
  };
}

function describeLeft(left: Left): string {
  if (left.status === 'unreadable') return `a queue that cannot be read (${left.reason})`;
  const { state, stored, done, dead } = left.run;
  return state === 'finished' ? 'a finished run' : `a run with ${stored - done - dead} open items`;
}
