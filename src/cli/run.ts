import { supervise } from '../supervisor.ts';
import type { CommandLine } from './command-line.ts';

/** `millrace run`: this process becomes the supervisor. */
export async function run({ operand, flags }: CommandLine): Promise<number> {
  const { fresh, yes, again, debug: _, ...options } = flags;
  return await supervise({
    file: operand!,
    flags: options,
    fresh: fresh === true,
    yes: yes === true,
    again: again === true,
  });
}
