import { afterEach, describe, expect, it } from '@jest/globals';
import { onSignals, type SignalRequests } from '../../../src/launching/signals.ts';

let requests: SignalRequests;
afterEach(() => requests.close());

/** What a signal asks for, as soon as there is a listener. */
function asked(): string[] {
  const found: string[] = [];
  requests.stop.listen((reason) => found.push(`stop: ${reason}`));
  requests.reload.listen((reason) => found.push(`reload: ${reason}`));
  return found;
}

describe('a signal', () => {
  it.each([
    [true, ['stop: SIGTERM', 'stop: SIGINT', 'stop: SIGHUP']],
    [false, ['stop: SIGTERM', 'stop: SIGINT', 'reload: SIGHUP']],
  ])('stops; HUP reloads, unless it means that the terminal was closed (terminal: %s)', (hasTerminal, expected) => {
    requests = onSignals({ hasTerminal });
    const found = asked();
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.emit(signal, signal);
    expect(found).toEqual(expected);
  });

  it('of a closed terminal first reports that, because nothing can be written to it any more', () => {
    const found: string[] = [];
    requests = onSignals({ hasTerminal: true, onHangUp: () => found.push('hung up') });
    requests.stop.listen((reason) => found.push(`stop: ${reason}`));
    process.emit('SIGHUP', 'SIGHUP');
    expect(found).toEqual(['hung up', 'stop: SIGHUP']);
  });

  it('that came before there was a listener still stops; a reload is not needed then', () => {
    requests = onSignals({ hasTerminal: false });
    process.emit('SIGHUP', 'SIGHUP');
    process.emit('SIGTERM', 'SIGTERM');
    expect(asked()).toEqual(['stop: SIGTERM']);
  });
});
