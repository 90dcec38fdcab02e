import type { Clock } from '../../core/clock.ts';
import { MillraceError } from '../../core/errors.ts';
import { askStatus } from '../ask.ts';
import type { CommandLine } from '../command.ts';
import { findState, type FoundState } from '../find-state.ts';
import type { Shell } from '../shell.ts';
import type { OpenLetters } from './letters.ts';
import { remoteLetters } from './remote-letters.ts';

/**
 * Asks the pipeline if it runs, else opens its queue's file: to look, for one page at a time; to change, until the letters
 * are closed.
 */
export async function openLetters(line: CommandLine, shell: Shell, purpose: 'look' | 'change'): Promise<OpenLetters> {
  const state = findState(line, shell);
  const { clock } = shell;
  if (await isRunning(state, clock)) return remoteLetters(state.socketPath, clock);
  // Imported late, because these modules load SQLite.
  const [{ lettersToChange, lettersToLookAt }, { isInUse }] = await Promise.all([
    import('./letters-in-spool.ts'),
    import('../../queue/spool-holder.ts'),
  ]);
  if (purpose === 'change') return await lettersToChange(state, clock);
  return followed(lettersToLookAt(state), async (error) => {
    if (!isInUse(error) || !(await isRunning(state, clock))) throw error;
    return remoteLetters(state.socketPath, clock);
  });
}

/** Letters of a queue that no supervisor has. If reading them fails, `next` opens them another way: the pipeline may have been started. */
function followed(atRest: OpenLetters, next: (error: unknown) => Promise<OpenLetters>): OpenLetters {
  let letters = atRest;
  const read = async <T>(look: (from: OpenLetters) => Promise<T>): Promise<T> => {
    try {
      return await look(letters);
    } catch (error) {
      if (letters !== atRest) throw error;
      letters = await next(error);
      return await look(letters);
    }
  };
  return {
    ...atRest,
    page: (query) => read((from) => from.page(query)),
    list: (query) => read((from) => from.list(query)),
    read: (seq) => read((from) => from.read(seq)),
  };
}

/** Rejects if what runs there is another pipeline, or does not answer. */
async function isRunning(state: FoundState, clock: Clock): Promise<boolean> {
  try {
    await askStatus(state, clock);
    return true;
  } catch (error) {
    if (error instanceof MillraceError && error.code === 'NOT_RUNNING') return false;
    throw error;
  }
}
