import { currentDirectory } from '../config/current-directory.ts';
import { type Environment, readEnvironment } from '../config/environment.ts';
import { systemClock } from '../core/clock.ts';
import { Redaction } from '../core/redaction.ts';
import type { Shell, Terminal } from './shell.ts';
import { writerTo } from './writer.ts';

/** The shell that started this process. */
export function systemShell({ signals }: Pick<Shell, 'signals'>): Shell {
  const environment = readEnvironment();
  const writeErr = writerTo(process.stderr);
  return {
    environment,
    signals,
    // Evaluated on demand, so that its errors are reported like all others.
    get cwd() {
      return currentDirectory();
    },
    clock: systemClock,
    redaction: new Redaction(),
    // oxlint-disable-next-line no-restricted-properties -- this is where it is passed in
    random: () => Math.random(),
    out: writerTo(process.stdout),
    // If this fails, there is nowhere left to report it.
    err: (text) => writeErr(text).catch(() => undefined),
    terminal: process.stdin.isTTY && process.stderr.isTTY ? terminalOf(environment) : undefined,
    divertOutput: () => {
      process.stdout.write = process.stderr.write.bind(process.stderr);
    },
    exit,
    endSoon: (code) => {
      // oxlint-disable-next-line no-restricted-globals -- one that keeps nobody: it is for when something else does
      setTimeout(() => exit(code), 1000).unref();
    },
  };
}

function exit(code: number): void {
  // oxlint-disable-next-line no-restricted-properties -- what was written has been handed over: see Shell
  process.exit(code);
}

function terminalOf(environment: Environment): Terminal {
  return {
    ask: async (question) => {
      const { createInterface } = await import('node:readline/promises');
      const terminal = createInterface({ input: process.stdin, output: process.stderr });
      const closed = new Promise<string>((resolve) => terminal.once('close', () => resolve('')));
      try {
        // Ctrl-D closes it: there is no answer.
        return await Promise.race([terminal.question(question), closed]);
      } finally {
        terminal.close();
      }
    },
    edit: async (text) => {
      const { editWith } = await import('./editor.ts');
      return await editWith(environment['VISUAL'] || environment['EDITOR'] || 'vi', text);
    },
  };
}
