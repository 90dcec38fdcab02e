import { describe, expect, it } from '@jest/globals';
import { retriesText, stopText } from '../../../src/observability/reasons.ts';

const error = { items: 9, code: 'E', message: 'down', at: null, nextInMs: 100 };

describe('the reason that items wait for a retry', () => {
  it.each([
    [
      { retrying: 1, isAll: true, error: { ...error, items: 1 } },
      'the one open item waits for a retry, in 4s: E: down',
    ],
    [{ retrying: 9, isAll: true, error }, 'all 9 open items wait for a retry, the next in 4s: E: down'],
    [{ retrying: 1, isAll: false, error: { ...error, items: 1 } }, '1 item waits for a retry, in 4s: E: down'],
    [{ retrying: 12, isAll: false, error }, '12 items wait for a retry, the next in 4s: E: down (9 of them)'],
    [{ retrying: 2, isAll: false, error: undefined }, '2 items wait for a retry, the next in 4s'],
  ])('is worded for %j as "%s"', (waiting, text) => {
    expect(retriesText({ ...waiting, nextInMs: 3200 })).toBe(text);
  });
});

describe('the reason that a stop takes time', () => {
  it.each([
    [{ running: 1, abortInMs: 900, killInMs: 5000 }, '1 item still running, aborted in 1s, killed in 5s'],
    [{ running: 2, abortInMs: null, killInMs: 5000 }, '2 items still running after the abort, killed in 5s'],
    [{ running: 0, abortInMs: 900, killInMs: 5000 }, 'remaining processes killed in 5s'],
  ])('is worded for %j as "%s"', (stop, text) => {
    expect(stopText({ reason: 'SIGTERM', ...stop })).toBe(text);
  });
});
