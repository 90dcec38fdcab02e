import type { Clock } from '../core/clock.ts';
import type { Redaction } from '../core/redaction.ts';
import type { SignalRequests } from '../launching/signals.ts';

/** A person at a terminal. */
export interface Terminal {
  /** Asks, and resolves to the answer; empty if there is none. */
  ask: (question: string) => Promise<string>;
  /** Opens an editor with `text`; resolves to what it is then. Rejects if the editor fails. */
  edit: (text: string) => Promise<string>;
}

/** The outside world, as a command sees it. */
export interface Shell {
  environment: Readonly<Record<string, string | undefined>>;
  /** The current directory. */
  cwd: string;
  clock: Clock;
  /** Removes secrets from what the command shows; it learns names of secrets as the command learns them. */
  redaction: Redaction;
  /** 0…1 */
  random: () => number;
  /**
   * Writes to standard output; `text` includes its line ends. Resolves when the operating system has it, or nobody
   * reads it.
   */
  out: (text: string) => Promise<void>;
  /** Writes to standard error. Never rejects. */
  err: (text: string) => Promise<void>;
  /** The signals since this process started, if the command handles them. */
  signals: SignalRequests | undefined;
  /** The person to ask; undefined if there is none, because input or errors are not on a terminal. */
  terminal: Terminal | undefined;
  /** From now on, what user code in this process writes to standard output goes to standard error. */
  divertOutput: () => void;
  /** Ends the process, even if something in it is still alive. */
  exit: (code: number) => void;
  /** The same, unless it ends by itself within a second: its output may go to a reader that has stopped reading. */
  endSoon: (code: number) => void;
}
