import type { Duplex } from 'node:stream';
import { MillraceError } from '../core/errors.ts';
import { encodeHeader, MessageReader } from './framing.ts';
import { outliveFailedWrites, saysThatPeerIsGone } from './outlive-writes.ts';

/** The descriptor of a child's end of the channel. */
export const channelFd = 3;

/** One end of an ordered two-way channel for messages between the supervisor and one child. */
export interface Channel<Out> {
  /** The beginning of a message has come, and its end has not. */
  readonly isReceiving: boolean;
  /**
   * Sends a message; messages of one tick go out in one write. Never blocks, and never throws, even if the peer is
   * gone: after the channel has closed it does nothing. The sender limits how much is outstanding (credits, windows).
   */
  send(message: Out, payload?: readonly Buffer[]): void;
  /**
   * Hands everything that was sent to the operating system; it then reaches the peer even if this process dies. Returns
   * undefined if that is already done, otherwise a promise that resolves when it is. A closed channel counts as done.
   */
  flush(): Promise<void> | undefined;
  /** Sends waiting messages, then ends both directions. Idempotent. */
  end(): void;
  /** Ends both directions at once; waiting messages are lost, and none is handed over any more. Idempotent. */
  destroy(): void;
}

export interface ChannelListener<In> {
  /** Turns incoming data into a message; throws a ProtocolError if it is not one. */
  parse: (header: unknown) => In;
  /** Called for each message, in order, from the first tick on. `payload` is a view: copy what you keep for long. */
  onMessage: (message: In, payload: Buffer) => void;
  /**
   * Called once, when everything that the peer sent has been handed over. With an error if the peer broke the protocol
   * or the connection failed; an error thrown by `onMessage` also closes the channel and is passed here. A message that
   * the peer's death cut off is not an error: the peer's exit tells why.
   */
  onClose: (error: MillraceError | undefined) => void;
}

const nothing = Buffer.alloc(0);

/** Makes a channel from one end of a socket pair (or from any other duplex stream of bytes). */
export function createChannel<In, Out extends object>(stream: Duplex, listener: ChannelListener<In>): Channel<Out> {
  let isOpen = true;
  let corked = false;
  let failure: MillraceError | undefined;

  outliveFailedWrites(stream);
  const reader = new MessageReader((header, payload) => {
    // Handing over an earlier message of the same chunk may have ended the channel.
    if (!stream.destroyed) listener.onMessage(listener.parse(header), payload);
  });
  const close = (): void => {
    if (!isOpen) return;
    isOpen = false;
    stream.destroy();
    listener.onClose(failure);
  };
  stream.on('data', (chunk: Buffer) => {
    if (stream.destroyed) return;
    try {
      reader.push(chunk);
    } catch (error) {
      failure =
        error instanceof MillraceError
          ? error
          : new MillraceError('BUG', `a message could not be handled: ${String(error)}`, { cause: error });
      close();
    }
  });
  stream.on('end', close);
  stream.on('error', (error: Error) => {
    if (saysThatPeerIsGone(error)) return;
    failure ??= new MillraceError('CHANNEL', `the channel failed: ${error.message}`, { cause: error });
  });
  stream.on('close', close);

  const uncork = (): void => {
    corked = false;
    stream.uncork();
  };

  return {
    get isReceiving() {
      return isOpen && reader.isMidMessage;
    },
    send(message, payload) {
      if (!isOpen || stream.writableEnded) return;
      if (!corked) {
        corked = true;
        stream.cork();
        // Not with `setImmediate`: a released permit would wait until the user's code has handled the response.
        queueMicrotask(uncork);
      }
      let bytes = 0;
      for (const part of payload ?? []) bytes += part.length;
      stream.write(encodeHeader(message, bytes));
      for (const part of payload ?? []) if (part.length > 0) stream.write(part);
    },
    flush() {
      if (!isOpen || stream.writableEnded) return undefined;
      // Now, not at the end of the tick. Usually the operating system accepts all of it at once.
      uncork();
      if (stream.writableLength === 0) return undefined;
      return new Promise((resolve) => stream.write(nothing, () => resolve()));
    },
    end() {
      if (isOpen && !stream.writableEnded) stream.end();
    },
    destroy() {
      stream.destroy();
    },
  };
}
