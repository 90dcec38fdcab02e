import type { Clock } from '../../core/clock.ts';
import { MillraceError } from '../../core/errors.ts';
import { askStatus } from '../ask.ts';
import type { CommandLine } from '../command.ts';
import { findState, type FoundState } from '../find-state.ts';
import type { Shell } from '../shell.ts';
import type { OpenLetters } from './letters.ts';
import { remoteLetters } from './remote-letters.ts';

/** Asks the pipeline if it runs, else opens its queue's file: to look, without locking it. */
export async function openLetters(line: CommandLine, shell: Shell, purpose: 'look' | 'change'): Promise<OpenLetters> {
  const state = findState(line, shell);
  if (await isRunning(state, shell.clock)) return remoteLetters(state.socketPath, shell.clock);
  // It brings SQLite with it.
  const { lettersInSpool } = await import('./letters-in-spool.ts');
  return lettersInSpool(state, purpose, shell.clock);
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
