import { statSync } from 'node:fs';
import { exitCodes } from '../../core/exit-codes.ts';
import { MillraceError } from '../../core/errors.ts';

/**
 * Returns a function that throws once `file` has been replaced or deleted. A database that was deleted or replaced
 * while it is open still accepts commits without an error, into a file that has no name any more.
 */
export function watchIdentity(file: string): () => void {
  const opened = identityOf(file);
  return () => {
    const found = identityOf(file);
    if (found !== undefined && found === opened) return;
    const what = found === undefined ? 'deleted or moved away' : 'replaced by another';
    const text = `${file} was ${what} while it was open; put it back, or stop and start over with --fresh`;
    throw new MillraceError('SINK_REPLACED', text, { exitCode: exitCodes.io });
  };
}

function identityOf(file: string): string | undefined {
  const stat = statSync(file, { bigint: true, throwIfNoEntry: false });
  return stat && `${stat.dev}:${stat.ino}`;
}
