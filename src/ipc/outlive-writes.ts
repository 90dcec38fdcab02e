/* oxlint-disable no-underscore-dangle -- they are Node's names */
import type { Duplex } from 'node:stream';

type Callback = (error?: Error | null) => void;

/**
 * Keeps `stream` readable when a write to it fails because the peer has gone. There may be unread bytes from the peer, but
 * Node destroys a socket at the first EPIPE, and those bytes with it. So the error is kept from the stream: later writes
 * are discarded, and the stream ends when everything has been read.
 *
 * `_write` and `_writev` are the two methods through which every Writable writes, and they are meant to be replaced.
 * Switching off `autoDestroy` is not enough, because a stream that knows of an error emits no 'end'.
 */
export function outliveFailedWrites(stream: Duplex): void {
  let isPeerGone = false;
  const write = stream._write.bind(stream);
  const writev = stream._writev?.bind(stream);

  const guarded = (callback: Callback): Callback => {
    return (error) => {
      isPeerGone ||= saysThatPeerIsGone(error);
      callback(isPeerGone ? null : error);
    };
  };
  stream._write = (chunk, encoding, callback) => {
    if (isPeerGone) callback();
    else write(chunk, encoding, guarded(callback));
  };
  if (!writev) return;
  stream._writev = (chunks, callback) => {
    if (isPeerGone) callback();
    else writev(chunks, guarded(callback));
  };
}

/** EPIPE and ECONNRESET only say that the reader is gone; the peer's exit tells why. */
export function saysThatPeerIsGone(error: Error | null | undefined): boolean {
  const { code } = (error ?? {}) as NodeJS.ErrnoException;
  return code === 'EPIPE' || code === 'ECONNRESET';
}
