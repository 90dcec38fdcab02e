import { readEnvironment } from '../config/environment.ts';
import { systemClock } from '../core/clock.ts';
import type { Shell } from './shell.ts';

/** The shell that started this process. */
export function systemShell(): Shell {
  return {
    environment: readEnvironment(),
    folder: process.cwd(),
    clock: systemClock,
    // oxlint-disable-next-line no-restricted-properties -- this is where it is passed in
    random: () => Math.random(),
    out: writer(process.stdout),
    err: writer(process.stderr),
    divertOutput: () => {
      process.stdout.write = process.stderr.write.bind(process.stderr);
    },
    exit: (code) => {
      // oxlint-disable-next-line no-restricted-properties -- what was written has been handed over: see Shell
      process.exit(code);
    },
  };
}

/** A reader that has had enough (`| head`) ends a command, but not with a stack. */
function writer(stream: NodeJS.WriteStream): (text: string) => Promise<void> {
  const write = stream.write.bind(stream);
  stream.on('error', () => undefined);
  return (text) => new Promise((resolve) => void write(text, () => resolve()));
}
