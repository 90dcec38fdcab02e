import { Socket } from 'node:net';
import { joined, type Bytes } from './bytes.ts';

/** The bytes of a pipe or a socket on `fd`, read on demand. */
export function streamed(fd: number): Bytes & { close: () => void } {
  const stream = new Socket({ fd, readable: true, writable: false });
  const pieces: AsyncIterator<Buffer> = stream[Symbol.asyncIterator]();
  return {
    async next(rest) {
      const { value, done } = await pieces.next();
      return done === true ? null : joined(rest, value);
    },
    close: () => void stream.destroy(),
  };
}
