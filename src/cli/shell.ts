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

/** What a command has of the world outside. */
export interface Shell {
  environment: Readonly<Record<string, string | undefined>>;
  /** The current folder. */
  folder: string;
  clock: Clock;
  /** Takes secrets out of what the command shows; it learns names of secrets as the command learns them. */
  redaction: Redaction;
  /** 0…1 */
  random: () => number;
  /** Writes to standard output; `text` ends its own lines. Resolves when the operating system has it, or nobody reads it. */
  out: (text: string) => Promise<void>;
  /** Writes to standard error. Never rejects. */
  err: (text: string) => Promise<void>;
  /** The signals since this process started, if the command handles them. */
  signals: SignalRequests | undefined;
  /** The person who is asked; undefined if there is none, because input or errors do not go to a terminal. */
  terminal: Terminal | undefined;
  /** From now on, what user code in this process writes to standard output goes to standard error. */
  divertOutput: () => void;
  /** Ends the process, whatever in it is still alive. */
  exit: (code: number) => void;
  /** The same, if it has not ended by itself in a second: what it has written may be taken by nobody, and be waited for. */
  endSoon: (code: number) => void;
}
