import type { Shell, Terminal } from '../../../src/cli/shell.ts';
import { systemClock, type Clock } from '../../../src/core/clock.ts';
import { Redaction } from '../../../src/core/redaction.ts';

/** A shell that keeps what is written to it. */
export class TestShell implements Shell {
  environment: Record<string, string | undefined> = {};
  cwd: string;
  clock: Clock = systemClock;
  redaction = new Redaction();
  random = (): number => 0.5;
  stdout = '';
  stderr = '';
  exitedWith: number | undefined;
  signals = undefined;

  constructor(cwd = '/nowhere') {
    this.cwd = cwd;
  }

  out = async (text: string): Promise<void> => void (this.stdout += text);
  err = async (text: string): Promise<void> => void (this.stderr += text);
  terminal: Terminal | undefined;
  divertOutput = (): void => {};
  exit = (code: number): void => void (this.exitedWith = code);
  endSoon = (): void => {};
}
