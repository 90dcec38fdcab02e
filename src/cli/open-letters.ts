import type { Clock } from '../core/clock.ts';
import { MillraceError } from '../core/errors.ts';
import type { DeadLetters } from '../observability/dead-letters.ts';
import { askStatus } from './ask.ts';
import { findState, type FoundState } from './find-state.ts';
import type { CommandLine } from './command.ts';
import { remoteLetters } from './remote-letters.ts';
import type { Shell } from './shell.ts';

/** The dead letters of a pipeline, to be let go of when the command is done. */
export interface OpenLetters extends DeadLetters {
  /** What will run those that are given back; null if it is running already. */
  readonly next: 'goes on' | 'opens again' | null;
  close(): void;
}

/** Opens the letters in a state directory that no supervisor has locked. */
export type OpenSpool = (stateDirectory: string, purpose: 'look' | 'change', clock: Clock) => Promise<OpenLetters>;

/** Asks the pipeline if it runs, else opens its queue's file: to look, without locking it. */
export async function openLetters(
  line: CommandLine,
  shell: Shell,
  purpose: 'look' | 'change',
  openSpool: OpenSpool = openInSpool,
): Promise<OpenLetters> {
  const state = findState(line, shell);
  if (await isRunning(state, shell.clock)) return remoteLetters(state.socketPath, shell.clock);
  return await openSpool(state.directory, purpose, shell.clock);
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

/** Loaded when it is called: it brings SQLite with it. */
const openInSpool: OpenSpool = async (...args) => (await import('./letters-in-spool.ts')).lettersInSpool(...args);
