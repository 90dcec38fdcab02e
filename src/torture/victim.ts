import { spawn, type ChildProcess as Process } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { childrenOf, sendSignal, type ChildProcess } from './processes.ts';

export interface VictimOptions {
  /** The program and its arguments. */
  command: readonly string[];
  directory: string;
  environment: Readonly<Record<string, string | undefined>>;
  /** Whether it gets our standard input, which must be a file; otherwise it has none. */
  hasStdin: boolean;
  /** The files for its standard output and its standard error. */
  output: string;
  log: string;
}

export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** A supervisor that runs in order to be tortured. */
export class Victim {
  readonly #process: Process;
  /** Resolves when it has ended; rejects if it could not be started. */
  readonly ended: Promise<Exit>;
  #exit: Exit | undefined;

  constructor({ command: [program, ...args], directory, environment, hasStdin, output, log }: VictimOptions) {
    const files = [openSync(output, 'a', 0o600), openSync(log, 'a', 0o600)] as const;
    // Its own process group, so that only we get the signals of the terminal.
    const options = { cwd: directory, env: environment as NodeJS.ProcessEnv, detached: true };
    this.#process = spawn(program!, args, { ...options, stdio: [hasStdin ? 'inherit' : 'ignore', ...files] });
    for (const file of files) closeSync(file);
    this.ended = new Promise((resolve, reject) => {
      this.#process.once('error', reject);
      this.#process.once('exit', (code, name) => resolve((this.#exit = { code, signal: name })));
    });
  }

  /** Also true if it could not be started: `ended` says why. */
  get hasEnded(): boolean {
    return this.#exit !== undefined || this.#process.pid === undefined;
  }

  /** Undefined if it could not be started. */
  get pid(): number | undefined {
    return this.#process.pid;
  }

  get children(): ChildProcess[] {
    return this.hasEnded ? [] : childrenOf(this.#process.pid!);
  }

  send(name: NodeJS.Signals): void {
    if (!this.hasEnded) sendSignal(this.#process.pid!, name);
  }

  /** Kills it and all its children at once, including frozen ones. */
  killAll(): void {
    const { children } = this;
    this.send('SIGKILL');
    for (const { pid } of children) sendSignal(pid, 'SIGKILL');
  }
}
