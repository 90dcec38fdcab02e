/**
 * Calls `restore` when the process ends unexpectedly: through an uncaught error, or through a signal that only this
 * code listens for, which then takes effect. Returns a function that cancels this.
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
