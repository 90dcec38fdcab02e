/** How the service is asked to stop: the first signal stops it in order, each further one hurries it. */
export interface StopRequests {
  /** Calls `listener` for each request, also for those that came before. */
  listen: (listener: (reason: string) => void) => void;
  /** Takes the handlers away. */
  close: () => void;
}

const signals = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

/** Listens to the signals from now on. The handlers only pass the word on; the service decides. */
export function onStopSignals(): StopRequests {
  const requests: string[] = [];
  let tell: (reason: string) => void = () => undefined;
  const onSignal = (signal: string): void => {
    requests.push(signal);
    tell(signal);
  };
  for (const signal of signals) process.on(signal, onSignal);
  return {
    listen(listener) {
      tell = listener;
      for (const reason of requests) listener(reason);
    },
    close() {
      for (const signal of signals) process.off(signal, onSignal);
    },
  };
}
