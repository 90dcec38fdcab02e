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
 * Asks before a queue is set aside: on a terminal by a question, elsewhere by demanding --yes. Throws a usage error
 * (exit 64) if the answer is no; Ctrl-C and Ctrl-D at the question are a no as well.
 */
export function confirmFresh(
  question: FreshQuestion,
): (left: Left, stopped: AbortSignal) => Promise<'yes' | 'stopped'> {
  const { yes, isTerminal, input, output } = question;
  return async (left, stopped) => {
    if (yes) return 'yes';
    const what = describeLeft(left);
    if (!isTerminal)
      throw usageError(`--fresh sets ${what} aside; without a terminal to ask on it wants --yes as well`);
    const terminal = createInterface({ input, output, terminal: true });
    // The terminal is in raw mode: these two reach nobody else.
    terminal.on('SIGINT', () => terminal.close());
    const closed = new Promise<'no'>((resolve) => terminal.once('close', () => resolve('no')));
    try {
      const asked = terminal.question(`Set ${what} aside and start over? Nothing is deleted. [y/N] `, {
        signal: stopped,
      });
      // It rejects when it is aborted and, with some versions of Node, when it is closed: both are told apart below.
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
