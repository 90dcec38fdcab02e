import { plural } from '../core/figures.ts';
import { askControl } from '../control/client.ts';
import { pause } from '../core/clock.ts';
import { configError, MillraceError } from '../core/errors.ts';
import { exitCodes } from '../core/exit-codes.ts';
import { askStatus } from './ask.ts';
import type { CommandLine } from './command.ts';
import { findState } from './find-state.ts';
import type { Shell } from './shell.ts';

/** How often to ask for its progress. */
const everyMs = 250;

/**
 * `millrace reload`: asks a running pipeline to replace its consumers with new ones that run the new code, and waits
 * until that is done.
 */
export async function reload(line: CommandLine, shell: Shell): Promise<number> {
  const state = findState(line, shell);
  const { clock, out } = shell;
  // Checks that this is the right pipeline.
  await askStatus(state, shell);
  const { status, body } = await askControl(state.socketPath, '/api/reload', clock, {});
  if (status !== 202) throw unavailable(`not reloaded: ${(body as { error?: string }).error}`);
  const { number } = body as { number: number };
  for (;;) {
    const { reload: now } = await askStatus(state, shell);
    if (now === null || now.number !== number)
      throw unavailable('another reload has started since; see `millrace status`');
    if (now.state === 'refused') {
      const done =
        now.replaced > 0
          ? ` (${now.replaced} of ${plural(now.of, 'consumer')} ${now.replaced === 1 ? 'has' : 'have'} the new code)`
          : '';
      throw refused(`${now.reason}${done}`);
    }
    if (now.state === 'done') {
      await out(
        `reloaded: ${now.replaced} of ${plural(now.of, 'consumer')} ${now.replaced === 1 ? 'has' : 'have'} the new code\n`,
      );
      return exitCodes.ok;
    }
    await pause(clock, everyMs);
  }
}

function refused(reason: string): MillraceError {
  return configError('RELOAD', `not reloaded: ${reason}`);
}

function unavailable(message: string): MillraceError {
  return new MillraceError('CONTROL', message, { exitCode: exitCodes.gaveUp });
}
