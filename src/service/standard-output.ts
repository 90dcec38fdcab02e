import type { Writable } from 'node:stream';
import type { ConsumerDeps } from '../supervision/roles/consuming.ts';

export interface StandardOutput {
  /** `done` is called when the bytes are with the operating system; never if that fails. */
  write: ConsumerDeps['writeOut'];
  /** Also for errors that come without a write. Nothing is written after the first. */
  failed: (error: NodeJS.ErrnoException) => void;
}

/**
 * Standard output, shared by the sinks of all consumers. Bytes that could not be written are not confirmed, so their items
 * stay in the queue. Nothing else would end the wait for them, so `onFailed` has to stop the service. It is called once.
 */
export function standardOutput(stream: Pick<Writable, 'write'>, onFailed: (reason: string) => void): StandardOutput {
  let hasFailed = false;
  const failed: StandardOutput['failed'] = ({ code, message }) => {
    if (hasFailed) return;
    hasFailed = true;
    onFailed(code === 'EPIPE' ? 'nobody reads standard output any more' : `standard output failed: ${message}`);
  };
  return {
    failed,
    write(bytes, done) {
      if (hasFailed) return;
      stream.write(bytes, (error) => {
        if (error) failed(error);
        else done();
      });
    },
  };
}
