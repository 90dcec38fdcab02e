import { pause, type Clock } from '../../core/clock.ts';
import type { OpenOptions } from './file.ts';
import { isBrieflyInUse } from './holder.ts';
import { Spool } from './spool.ts';

/** Most readers hold the file only while they read a page. Commands that check or copy a large file hold it longer. */
const patienceMs = 5000;
const pauseMs = 100;

export interface Waiting {
  clock: Clock;
  /** Ends the wait. */
  stopped?: AbortSignal;
}

/**
 * Like `Spool.open`, but waits a few seconds if a process other than a supervisor has the file. Resolves to undefined if it
 * is stopped meanwhile.
 */
export async function openSpool(options: OpenOptions, waiting: Waiting): Promise<Spool | undefined> {
  return await whenFree(() => Spool.open(options), waiting);
}

/** Calls `open`, and repeats it for a few seconds while a process other than a supervisor has the file. */
export async function whenFree<T>(open: () => T, { clock, stopped }: Waiting): Promise<T | undefined> {
  const begin = clock.now();
  for (;;) {
    if (stopped?.aborted) return undefined;
    try {
      return open();
    } catch (error) {
      if (!isBrieflyInUse(error) || clock.now() - begin >= patienceMs) throw error;
    }
    await pause(clock, pauseMs, stopped);
  }
}
