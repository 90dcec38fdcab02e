import type { Writable } from 'node:stream';
import { MillraceError } from '../core/errors.ts';
import { exitCodes } from '../core/exit-codes.ts';

/**
 * Makes a function that writes text to `stream`, and resolves when the operating system has it. A reader that has had
 * enough (`| head`) ends nothing, and is no failure; a full disk is one: what was to be kept is not there.
 */
export function writerTo(stream: Writable): (text: string) => Promise<void> {
  // Of the stream as it is now: what user code writes may be sent elsewhere later.
  const write = stream.write.bind(stream) as (text: string, done: (error?: Error | null) => void) => void;
  // Each write hears of its own failure; without a listener that would end the process as well.
  stream.on('error', () => undefined);
  return (text) =>
    new Promise((resolve, reject) => {
      write(text, (error) => {
        if (!error || (error as NodeJS.ErrnoException).code === 'EPIPE') return resolve();
        const message = `the output cannot be written: ${error.message}`;
        reject(new MillraceError('OUTPUT', message, { cause: error, exitCode: exitCodes.io }));
      });
    });
}
