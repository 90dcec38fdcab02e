import type { Writable } from 'node:stream';
import { MillraceError } from '../core/errors.ts';
import { exitCodes } from '../core/exit-codes.ts';

/**
 * Makes a function that writes text to `stream` and resolves when the operating system has it. A reader that stops
 * reading (`| head`) is not a failure; a full disk is, because the output was meant to be kept.
 */
export function writerTo(stream: Writable): (text: string) => Promise<void> {
  // Bound to the stream as it is now: the output of user code may be sent elsewhere later.
  const write = stream.write.bind(stream) as (text: string, done: (error?: Error | null) => void) => void;
  // Each write gets its own failure; without a listener the error would end the process as well.
  stream.on('error', () => undefined);
  return (text) =>
    new Promise((resolve, reject) => {
      write(text, (error) => {
        if (!error || (error as NodeJS.ErrnoException).code === 'EPIPE') return resolve();
        const message = `cannot write the output: ${error.message}`;
        reject(new MillraceError('OUTPUT', message, { cause: error, exitCode: exitCodes.io }));
      });
    });
}
