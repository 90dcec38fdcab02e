import { closeSync, openSync } from 'node:fs';

/** What signals ask for: the first one to stop stops the service in order, each further one hurries it. */
export interface SignalRequests {
  stop: {
    /** Calls `listener` for each request, also for those that came before. */
    listen: (listener: (reason: string) => void) => void;
  };
  reload: {
    /** Calls `listener` for each request from now on: before there is a service, the file is still to be read. */
    listen: (listener: (reason: string) => void) => void;
  };
  /** Takes the handlers away. */
  close: () => void;
}

/**
 * Listens to the signals from now on. The handlers only pass the word on; the service decides. HUP says that the
 * terminal was closed, to whoever has one; to a service, it says to reload.
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
    // Node would open a debugger's port that anybody can use; some log rotators send it.
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

/** Whether a terminal controls this process, wherever its input and output go. */
export function hasControllingTerminal(): boolean {
  try {
    closeSync(openSync('/dev/tty', 'r'));
    return true;
  } catch {
    return false;
  }
}
