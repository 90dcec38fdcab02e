import type { Clock } from '../core/clock.ts';

/** What a command has of the world outside. */
export interface Shell {
  environment: Readonly<Record<string, string | undefined>>;
  /** The current folder. */
  folder: string;
  clock: Clock;
  /** 0…1 */
  random: () => number;
  /** Writes to standard output; `text` ends its own lines. Resolves when the operating system has it. */
  out: (text: string) => Promise<void>;
  /** Writes to standard error. */
  err: (text: string) => Promise<void>;
  /** From now on, what user code in this process writes to standard output goes to standard error. */
  divertOutput: () => void;
  /** Ends the process, whatever in it is still alive. */
  exit: (code: number) => void;
}
