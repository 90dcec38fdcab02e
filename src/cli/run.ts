import { supervise } from '../supervisor.ts';
import type { CommandLine } from './command.ts';
import type { Shell } from './shell.ts';
import { exitCodeOf } from './tell-error.ts';

/** `millrace run`: this process becomes the supervisor. */
export async function run({ operand, flags, repeated }: CommandLine, shell: Shell): Promise<number> {
  const { fresh, yes, again, moved, 'same-source': sameSource, debug, ...options } = flags;
  try {
    const code = await supervise({
      file: operand!,
      flags: options,
      params: repeated['param'] ?? [],
      fresh: fresh === true,
      yes: yes === true,
      again: again === true,
      moved: moved === true,
      sameSource: sameSource === true,
      redaction: shell.redaction,
      debug: debug === true,
      signals: shell.signals,
    });
    shell.endSoon(code);
    return code;
  } catch (error) {
    shell.endSoon(exitCodeOf(error));
    throw error;
  }
}
