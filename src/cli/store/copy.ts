import { existsSync } from 'node:fs';
import type { BackupState } from '../../control/backup-job.ts';
import { askControl } from '../../control/client.ts';
import { pause } from '../../core/clock.ts';
import { MillraceError } from '../../core/errors.ts';
import { exitCodes } from '../../core/exit-codes.ts';
import { askStatus } from '../ask.ts';
import type { FoundState } from '../find-state.ts';
import type { Shell } from '../shell.ts';

const pollMs = 100;

/**
 * Asks the running supervisor to copy its queue to `file`, and waits until it is done: no other process may open the
 * queue's file while the supervisor uses it. False if no supervisor is running.
 */
export async function copiedByRunning(state: FoundState, file: string, shell: Shell): Promise<boolean> {
  const { socketPath } = state;
  const { clock } = shell;
  try {
    await askStatus(state, shell);
  } catch (error) {
    if (error instanceof MillraceError && error.code === 'NOT_RUNNING') return false;
    throw error;
  }
  const asked = await askControl(socketPath, `/api/store/backup?file=${encodeURIComponent(file)}`, clock, {});
  if (asked.status !== 202) throw refused((asked.body as { error?: string }).error ?? `it answers ${asked.status}`);
  for (;;) {
    const { body } = await askControl(socketPath, '/api/store/backup', clock);
    const copy = body as BackupState;
    if (copy.state === 'failed') throw new MillraceError('BACKUP', copy.error, { exitCode: exitCodes.io });
    if (copy.state === 'none' || copy.file !== file) {
      // It was restarted, or someone has started another copy. A copy gets its name when it is complete.
      if (existsSync(file)) return true;
      throw refused('it ended before the copy was complete; try again');
    }
    if (copy.state === 'done') return true;
    await pause(clock, pollMs);
  }
}

function refused(why: string): MillraceError {
  return new MillraceError('CONTROL', `the pipeline did not copy its queue: ${why}`, {
    exitCode: exitCodes.gaveUp,
  });
}
