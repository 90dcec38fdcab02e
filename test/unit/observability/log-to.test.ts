import { describe, expect, it } from '@jest/globals';
import { Redaction } from '../../../src/core/redaction.ts';
import { EventBus } from '../../../src/observability/events.ts';
import { logTo } from '../../../src/observability/log-to.ts';
import { HandClock } from '../../support/hand-clock.ts';
import { microtasks } from '../../support/microtasks.ts';

describe('the log of a program', () => {
  it.each([
    [
      'throws',
      () => {
        throw new Error('no space');
      },
    ],
    ['is async and rejects', () => Promise.reject(new Error('no space'))],
  ])('does not disturb the service if the function that receives the lines %s', async (_, log) => {
    const unhandled: unknown[] = [];
    const note = (error: unknown): void => void unhandled.push(error);
    process.on('unhandledRejection', note);
    const events = new EventBus();
    const end = logTo(events, { log, level: 'info', redaction: new Redaction(), clock: new HandClock() });
    events.emit('warning', { code: 'CONFIG', message: 'a line' });
    await microtasks(10);
    await new Promise((resolve) => setImmediate(resolve));
    end();
    process.off('unhandledRejection', note);
    expect(unhandled).toEqual([]);
  });
});
