import { pause } from '../../core/clock.ts';
import { Unreachable, type SinkContext } from '../../sinks/port.ts';
import { sqliteCodeOf } from './error-codes.ts';

const longestPauseMs = 100;
const giveUpMs = 5000;

/**
 * Runs `step`, and repeats it while another process has the database locked. The pipeline's own consumers queue up
 * before they get here, but a backup or an open shell may hold the lock. `step` must have no effect when it fails. The
 * event loop is free in between. Gives up after 5 seconds, which counts as an unreachable sink unless `giveUp` makes another
 * error.
 */
export async function untilFree<T>(
  { clock, signal }: Pick<SinkContext, 'clock' | 'signal'>,
  file: string,
  step: () => T | Promise<T>,
  giveUp: (problem: string, cause: unknown) => Error = unreachable,
): Promise<T> {
  const begin = clock.now();
  for (let pauseMs = 1; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
    try {
      return await step();
    } catch (error) {
      if (!isTaken(error)) throw error;
      if (clock.now() - begin >= giveUpMs) {
        const text = `another process has held a lock on ${file} for ${giveUpMs / 1000} seconds; end its transaction`;
        throw giveUp(text, error);
      }
    }
    await pause(clock, pauseMs, signal);
    signal.throwIfAborted();
  }
}

function unreachable(problem: string, cause: unknown): Error {
  return new Unreachable(problem, { code: 'SINK_LOCKED', cause });
}

// SQLite returns PROTOCOL when it has lost the race for the lock of a log too often.
function isTaken(error: unknown): boolean {
  return /^SQLITE_(BUSY|LOCKED|PROTOCOL)/.test(sqliteCodeOf(error) ?? '');
}
