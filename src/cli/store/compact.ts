import { MillraceError } from '../../core/errors.ts';
import { exitCodes } from '../../core/exit-codes.ts';
import { count } from '../../core/figures.ts';
import type { CommandLine } from '../command.ts';
import { findState } from '../find-state.ts';
import type { Shell } from '../shell.ts';

/** `millrace store compact`: returns free space within the queue's file to the disk. */
export async function storeCompact(line: CommandLine, shell: Shell): Promise<number> {
  const state = findState(line, shell);
  const [{ spoolFile }, { compactSpool }, { whenFree }] = await Promise.all([
    import('../../queue/spool/directory.ts'),
    import('../../queue/spool/compact.ts'),
    import('../../queue/spool/open.ts'),
  ]);
  const file = spoolFile(state.directory);
  try {
    const { before, after } = (await whenFree(() => compactSpool(file, state.name), shell))!;
    await shell.out(
      line.flags['json']
        ? `${JSON.stringify({ file, before, after })}\n`
        : `${file}: ${count(before)} bytes before, ${count(after)} after\n`,
    );
    return exitCodes.ok;
  } catch (error) {
    if (!(error instanceof MillraceError) || error.code !== 'IN_USE') throw error;
    const why = 'its file can be rewritten only while no other process has it open';
    throw new MillraceError('IN_USE', `the queue cannot be compacted now, because ${why}: ${error.message}`, {
      cause: error,
      exitCode: error.exitCode,
    });
  }
}
