import { pause, type Clock } from '../core/clock.ts';
import type { OpenOptions } from './spool-file.ts';
import { isBrieflyInUse } from './spool-holder.ts';
import { Spool } from './spool.ts';

/** A reader has the file for as long as a page takes; one that checks or copies a large file, for longer. */
const patienceMs = 5000;
const pauseMs = 100;

export interface Waiting {
  clock: Clock;
  /** Ends the waiting. */
  stopped?: AbortSignal;
}

/**
 * As `Spool.open`, but waits for some seconds for a process that has the file and is no supervisor. Resolves to undefined
 * if it is stopped meanwhile.
 */
export async function openSpool(options: OpenOptions, waiting: Waiting): Promise<Spool | undefined> {
  return await whenFree(() => Spool.open(options), waiting);
}

/** Does `open`, again and again for some seconds while a process that is no supervisor has the file. */
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
