import { plural } from '../../core/figures.ts';
import { existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { usageError } from '../../core/errors.ts';
import { exitCodes } from '../../core/exit-codes.ts';
import type { CommandLine } from '../command.ts';
import { findState } from '../find-state.ts';
import type { Shell } from '../shell.ts';
import { copiedByRunning } from './copy.ts';
import { hasNoProblems } from './text.ts';

/**
 * `millrace store backup`: a consistent copy of the queue, whether or not the pipeline is running. The copy is verified
 * afterwards.
 */
export async function storeBackup(line: CommandLine, shell: Shell): Promise<number> {
  const file = resolve(shell.cwd, line.operand!);
  if (existsSync(file)) throw usageError(`expected a new file name for the backup, but ${file} already exists`);
  const pipeline = line.flags['pipeline'];
  const state = findState({ ...line, operand: typeof pipeline === 'string' ? pipeline : undefined }, shell);
  const [{ spoolFile }, { backUpFile }, { verifySpool }] = await Promise.all([
    import('../../queue/spool/directory.ts'),
    import('../../queue/spool/backup.ts'),
    import('../../queue/spool/verify.ts'),
  ]);
  if (!(await copiedByRunning(state, file, shell)))
    await backUpFile(spoolFile(state.directory), { file, pipeline: state.name });
  const report = verifySpool(file);
  if (!hasNoProblems(report)) {
    await shell.err(`millrace: ${file} was written, but it has problems; run millrace store verify\n`);
    return exitCodes.io;
  }
  const { waiting, retrying, dead } = report.items;
  const { size: bytes } = statSync(file);
  await shell.out(
    line.flags['json']
      ? `${JSON.stringify({ file, bytes, items: report.items })}\n`
      : `${file}: ${plural(waiting + retrying, 'item')} and ${plural(dead, 'dead letter')} in ${bytes} bytes; no problems found\n`,
  );
  return exitCodes.ok;
}
