import { resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { systemClock } from '../../../../src/core/clock.ts';
import { Crew } from '../../../../src/supervision/posts/crew.ts';
import { describePipeline } from '../../../../src/supervision/posts/describe.ts';
import { identify } from '../../../../src/supervision/posts/identity.ts';
import { until } from '../../../support/until.ts';

function aCrew(): Crew {
  const deaf = resolve('test/fixtures/children/deaf.mjs');
  const options = { clock: systemClock, prefix: undefined, env: {}, cwd: '.', onOutput: () => undefined };
  return new Crew({ ...options, entries: { producer: deaf, consumer: deaf } });
}

async function gone(pid: number | undefined): Promise<void> {
  await until(() => identify(pid!) === undefined);
}

describe('a crew', () => {
  it('leaves no process when it is dismissed while the producer describes the file, and the description fails', async () => {
    const crew = aCrew();
    const producer = crew.boot();
    const options = { file: '/a.ts', clock: systemClock, deadlineMs: 60_000, onOther: () => undefined };
    const description = describePipeline(producer, options);
    crew.dismiss();
    expect(await description).toMatchObject({ status: 'failed', wasKilled: false });
    await gone(producer.who.pid);
    crew.dismiss();
  });

  it('hands out each process that it has started in advance once, and then starts new ones', async () => {
    const crew = aCrew();
    const early = crew.boot();
    const children = [
      crew.describedProducer(),
      crew.describedProducer(),
      crew.firstConsumer(2),
      crew.firstConsumer(1),
      crew.firstConsumer(1),
    ];
    expect(children[0]).toBe(early);
    expect(new Set(children.map(({ who }) => who.pid)).size).toBe(5);
    expect(children.map(({ who }) => `${who.role} ${who.ordinal}`)).toEqual([
      'producer 0',
      'producer 0',
      'consumer 2',
      'consumer 1',
      'consumer 1',
    ]);
    // All processes belong to their posts now: dismissing the crew must not affect them.
    crew.dismiss();
    expect(children.map(({ who }) => identify(who.pid!) !== undefined)).toEqual(children.map(() => true));
    for (const child of children) child.kill('the test is over');
    await Promise.all(children.map(async ({ who }) => await gone(who.pid)));
  });

  it('replaces a producer that something else killed while it described the file', async () => {
    const crew = aCrew();
    const first = crew.boot();
    first.kill('by somebody else');
    const second = crew.replaceProducer();
    expect(crew.describedProducer()).toBe(second);
    second.kill('the test is over');
    crew.dismiss();
    await Promise.all([gone(first.who.pid), gone(second.who.pid)]);
  });
});
