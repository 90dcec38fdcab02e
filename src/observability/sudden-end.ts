/**
 * Calls `restore` when the process ends before its time: by an uncaught error, or by a signal that nobody but us listens
 * to, which then takes its course. Returns how to call that off.
 */
export function onSuddenEnd(restore: () => void): () => void {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (process.listenerCount(signal) > 1) return;
    restore();
    callOff();
    process.kill(process.pid, signal);
  };
  const callOff = (): void => {
    process.off('exit', restore);
    for (const signal of signals) process.off(signal, onSignal);
  };
  process.on('exit', restore);
  for (const signal of signals) process.on(signal, onSignal);
  return callOff;
}
