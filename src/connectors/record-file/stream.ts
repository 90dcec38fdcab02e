import { Socket } from 'node:net';
import { ReadStream } from 'node:tty';
import type { Bytes } from './bytes.ts';

/** What comes through a pipe, a socket or a terminal on `fd`, read as it is asked for. */
export function streamed(fd: number, isTerminal: boolean): Bytes & { close: () => void } {
  const stream = isTerminal ? new ReadStream(fd) : new Socket({ fd, readable: true, writable: false });
  const pieces: AsyncIterator<Buffer> = stream[Symbol.asyncIterator]();
  return {
    async next() {
      const { value, done } = await pieces.next();
      return done === true ? null : value;
    },
    close: () => void stream.destroy(),
  };
}
