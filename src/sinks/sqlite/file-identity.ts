import { statSync } from 'node:fs';
import type { Clock } from '../../core/clock.ts';
import { exitCodes } from '../../core/exit-codes.ts';
import { MillraceError } from '../../core/errors.ts';

const checkEveryMs = 1000;

/**
 * Makes a function that throws once `file` is no longer the file that it is now. A database that was deleted or
 * replaced while it is open still takes commits without an error: into a file that nobody can find.
 */
export function watchIdentity(file: string, clock: Clock): () => void {
  const opened = identityOf(file);
  let checkedAt = clock.now();
  return () => {
    const now = clock.now();
    if (now - checkedAt < checkEveryMs) return;
    const found = identityOf(file);
    if (found === undefined || found !== opened) {
      const what = found === undefined ? 'deleted or moved away' : 'replaced by another';
      const text = `${file} was ${what} while it was open; put it back, or stop, and start anew with --fresh`;
      throw new MillraceError('SINK_REPLACED', text, { exitCode: exitCodes.io });
    }
    checkedAt = now;
  };
}

function identityOf(file: string): string | undefined {
  const stat = statSync(file, { bigint: true, throwIfNoEntry: false });
  return stat && `${stat.dev}:${stat.ino}`;
}
