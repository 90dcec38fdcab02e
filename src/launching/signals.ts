import { closeSync, openSync } from 'node:fs';

/** The requests that signals make: the first stop signal stops the service cleanly, each further one speeds it up. */
export interface SignalRequests {
  stop: {
    /** Calls `listener` for each request, including earlier ones. */
    listen: (listener: (reason: string) => void) => void;
  };
  reload: {
    /**
     * Calls `listener` for each request from now on; before the service exists, the file has not been read yet anyway.
     */
    listen: (listener: (reason: string) => void) => void;
  };
  /** Removes the handlers. */
  close: () => void;
}

/**
 * Listens for signals from now on. The handlers only forward them; the service decides. HUP means that the terminal was
 * closed, if there is one; for a service, it means reload.
 */
export function onSignals({
  hasTerminal,
  onHangUp = () => undefined,
}: {
  hasTerminal: boolean;
  /** The terminal was closed. */
  onHangUp?: () => void;
}): SignalRequests {
  const requests: string[] = [];
  let tellStop: (reason: string) => void = () => undefined;
  let tellReload: (reason: string) => void = () => undefined;
  const onStop = (signal: string): void => {
    requests.push(signal);
    tellStop(signal);
  };
  const hangUp = (signal: string): void => {
    onHangUp();
    onStop(signal);
  };
  const handlers: [NodeJS.Signals, (signal: string) => void][] = [
    ['SIGTERM', onStop],
    ['SIGINT', onStop],
    ['SIGHUP', hasTerminal ? hangUp : (signal) => tellReload(signal)],
    // Node would open a debugger port that anyone can use; some log rotators send this signal.
    ['SIGUSR1', () => undefined],
    // Some log rotators send this one, which would end the process.
    ['SIGUSR2', () => undefined],
  ];
  for (const [signal, handler] of handlers) process.on(signal, handler);
  return {
    stop: {
      listen(listener) {
        tellStop = listener;
        for (const reason of requests) listener(reason);
      },
    },
    reload: { listen: (listener) => void (tellReload = listener) },
    close() {
      for (const [signal, handler] of handlers) process.off(signal, handler);
    },
  };
}

/** Whether a terminal controls this process, independent of where its input and output go. */
export function hasControllingTerminal(): boolean {
  try {
    closeSync(openSync('/dev/tty', 'r'));
    return true;
  } catch {
    return false;
  }
}
