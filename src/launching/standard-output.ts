/** Standard output as the consumers' sinks share it. `onClosed` is called once, when nobody reads it any more. */
export function standardOutput(onClosed: (reason: string) => void): (bytes: Buffer, done: () => void) => void {
  let isClosed = false;
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (isClosed) return;
    isClosed = true;
    onClosed(
      error.code === 'EPIPE' ? 'nobody reads standard output any more' : `standard output failed: ${error.message}`,
    );
  });
  return (bytes, done) => {
    // What was not written is not confirmed, so it stays in the queue.
    if (!isClosed) process.stdout.write(bytes, (error) => !error && done());
  };
}
