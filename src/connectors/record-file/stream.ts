import { Socket } from 'node:net';
import type { Bytes } from './bytes.ts';

/** What comes through a pipe or a socket on `fd`, read as it is asked for. */
export function streamed(fd: number): Bytes & { close: () => void } {
  const stream = new Socket({ fd, readable: true, writable: false });
  const pieces: AsyncIterator<Buffer> = stream[Symbol.asyncIterator]();
  return {
    async next() {
      const { value, done } = await pieces.next();
      return done === true ? null : value;
    },
    close: () => void stream.destroy(),
  };
}
