import { describe, expect, it } from '@jest/globals';
import { createCalls } from '../../../src/calls/calls.ts';
import { HandClock } from '../../support/hand-clock.ts';

function world(limits: string[]) {
  const logged: [string, unknown][] = [];
  const calls = createCalls({
    send: () => undefined,
    clock: new HandClock(),
    random: () => 0,
    isConcurrent: () => false,
    resolve: String,
    limits: () => limits,
    log: { info: (message, fields) => logged.push([message, fields]) },
  });
  const scope = calls.scope(new AbortController().signal);
  // The call is refused before anything is sent.
  const call = async (limit?: string) =>
    await scope.fetch('http://vendor', { retries: -1, limit }).catch(() => undefined);
  return { call, logged };
}

describe('a fetch under no limit', () => {
  it('is reported once in a pipeline that has limits', async () => {
    const { call, logged } = world(['vendor']);
    await call('vendor');
    expect(logged).toEqual([]);
    await call();
    await call();
    expect(logged).toEqual([[expect.stringContaining('called without a limit'), { limits: ['vendor'] }]]);
  });

  it('is not reported in a pipeline without limits', async () => {
    const { call, logged } = world([]);
    await call();
    expect(logged).toEqual([]);
  });
});
