export interface StandardOutput {
  /** `done` is called when the bytes are with the operating system; never if that fails. */
  write: (bytes: Buffer, done: () => void) => void;
  /** Removes the listener. */
  close: () => void;
}

/** Standard output, shared by the sinks of all consumers. `onClosed` is called once, when nobody reads it any more. */
export function standardOutput(onClosed: (reason: string) => void): StandardOutput {
  let isClosed = false;
  const onError = (error: NodeJS.ErrnoException): void => {
    if (isClosed) return;
    isClosed = true;
    onClosed(
      error.code === 'EPIPE' ? 'nobody reads standard output any more' : `standard output failed: ${error.message}`,
    );
  };
  process.stdout.on('error', onError);
  return {
    write(bytes, done) {
      // Bytes that were not written are not confirmed, so their items stay in the queue.
      if (!isClosed) process.stdout.write(bytes, (error) => !error && done());
    },
    close: () => void process.stdout.off('error', onError),
  };
}
