import { pause } from '../../core/clock.ts';
import { MillraceError } from '../../core/errors.ts';
import { isInUse } from '../../queue/spool/holder.ts';
import { askStatus } from '../ask.ts';
import type { CommandLine } from '../command.ts';
import { findState, type FoundState } from '../find-state.ts';
import type { Shell } from '../shell.ts';
import type { OpenLetters } from './letters.ts';
import { remoteLetters } from './remote-letters.ts';

/** How long to wait for a pipeline that is starting or stopping. */
const patienceMs = 5000;
const pauseMs = 100;

/**
 * Asks the pipeline if it is running; otherwise opens its queue's file: for reading one page at a time, or for changing
 * until the letters are closed.
 */
export async function openLetters(line: CommandLine, shell: Shell, purpose: 'look' | 'change'): Promise<OpenLetters> {
  const state = findState(line, shell);
  const letters = await lettersNow(state, purpose, shell);
  return purpose === 'look' ? followed(letters, state, shell) : letters;
}

async function lettersNow(state: FoundState, purpose: 'look' | 'change', shell: Shell): Promise<OpenLetters> {
  const { clock } = shell;
  if (await isRunning(state, shell)) return remoteLetters(state.socketPath, clock);
  // Imported late, because this module loads SQLite.
  const { lettersToChange, lettersToLookAt } = await import('./letters-in-spool.ts');
  return purpose === 'change' ? await lettersToChange(state, clock) : lettersToLookAt(state, shell);
}

/** Letters for reading. If reading fails because the pipeline was started or has stopped, they are opened again. */
function followed(first: OpenLetters, state: FoundState, shell: Shell): OpenLetters {
  const { clock } = shell;
  let letters: OpenLetters | undefined = first;
  const read = async <T>(look: (from: OpenLetters) => Promise<T>): Promise<T> => {
    const begin = clock.now();
    for (let tries = 1; ; tries++) {
      try {
        letters ??= await lettersNow(state, 'look', shell);
        return await look(letters);
      } catch (error) {
        if (!isElsewhere(error) || clock.now() - begin >= patienceMs) throw error;
        letters = undefined;
      }
      if (tries > 1) await pause(clock, pauseMs);
    }
  };
  return {
    ...first,
    page: (query) => read((from) => from.page(query)),
    list: (query) => read((from) => from.list(query)),
    read: (seq) => read((from) => from.read(seq)),
  };
}

/** Whether an error means that the letters have moved: from a file that no process uses to a supervisor, or back. */
function isElsewhere(error: unknown): boolean {
  const isGone = error instanceof MillraceError && ['NOT_RUNNING', 'NO_ANSWER'].includes(error.code);
  return isGone || isInUse(error);
}

/** Rejects if another pipeline is running there, or if it does not answer. */
async function isRunning(state: FoundState, shell: Shell): Promise<boolean> {
  try {
    await askStatus(state, shell);
    return true;
  } catch (error) {
    if (error instanceof MillraceError && error.code === 'NOT_RUNNING') return false;
    throw error;
  }
}
