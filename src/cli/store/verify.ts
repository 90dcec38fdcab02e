import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { exitCodes } from '../../core/exit-codes.ts';
import type { CommandLine } from '../command.ts';
import { findState } from '../find-state.ts';
import type { Shell } from '../shell.ts';
import { copiedByRunning } from './copy.ts';
import { hasNoProblems, verifyText } from './text.ts';

/**
 * `millrace store verify`: checks that the queue's file is intact and consistent. For a running pipeline it checks a
 * copy that the supervisor makes while it continues.
 */
export async function storeVerify(line: CommandLine, shell: Shell): Promise<number> {
  const state = findState(line, shell);
  const [{ spoolFile }, { verifySpool }, { requireAccess }] = await Promise.all([
    import('../../queue/spool/directory.ts'),
    import('../../queue/spool/verify.ts'),
    import('../../queue/spool/directory.ts'),
  ]);
  requireAccess(state.directory);
  const file = spoolFile(state.directory);
  const copy = join(state.directory, 'queue.verify.db');
  // A verify that was killed may have left it behind.
  rmSync(copy, { force: true });
  try {
    const isRunning = await copiedByRunning(state, copy, shell);
    const report = { ...verifySpool(isRunning ? copy : file, state.name), file };
    await shell.out(line.flags['json'] ? `${JSON.stringify(report, null, 2)}\n` : verifyText(report));
    return hasNoProblems(report) ? exitCodes.ok : exitCodes.io;
  } finally {
    rmSync(copy, { force: true });
  }
}
