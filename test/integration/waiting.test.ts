import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Project } from '../support/project.ts';

let project: Project;
let vendor: Server;
let url: string;
beforeEach(async () => {
  project = new Project();
  vendor = createServer((_, response) => response.writeHead(503, { 'retry-after': '600' }).end()).listen(
    0,
    '127.0.0.1',
  );
  await once(vendor, 'listening');
  url = `http://127.0.0.1:${(vendor.address() as AddressInfo).port}`;
});
afterEach(async () => {
  vendor.close();
  vendor.closeAllConnections();
  await project.clean();
});

const pipeline = (parts: string, top = '') => `
  import { definePipeline, to } from 'millrace';
  ${top}
  export default definePipeline({
    name: 'waits',
    ${parts}
    sink: to.sqlite({ file: 'out.db', table: 'rows' }),
  });`;

describe('why a pipeline waits', () => {
  it('is shown for items that failed: the error, its line, how many items share it, and when the next one runs', async () => {
    const file = project.write(
      'waits.ts',
      pipeline(`*source() { for (let id = 1; id <= 20; id++) yield { id }; },
    process(item) {
      if (item.id % 2) throw new Error('item ' + item.id + ' is odd');
      return item;
    },`),
    );
    const running = project.start(['run', 'waits.ts', '--retry-base', '1h', '--retry-cap', '1h']);
    const { waitingErrors, queue, reasons } = await project.statusWhere(
      'waits',
      ({ queue: waiting, items }) => waiting.retrying === 10 && items.done === 10,
    );
    expect(waitingErrors).toEqual([
      {
        items: 10,
        code: 'Error',
        message: expect.stringMatching(/^item \d+ is odd$/),
        at: expect.stringContaining(`${file}:8:`),
        nextInMs: queue.nextRetryInMs,
      },
    ]);
    expect(reasons.join()).toContain('all 10 open items wait for a retry, the next in ');
    const shown = await project.run(['status', 'waits']);
    expect(shown.stdout).toMatch(/\n +10 +\S+ +Error: item \d+ is odd \(at /);
    // The first error of a kind is logged at once; the others are not.
    expect(running.log.filter(({ event }) => event === 'item.retry')).toHaveLength(1);
    running.kill('SIGTERM');
    expect((await running.ended).code).toBe(0);

    // Counted again from the queue's file.
    project.start(['run', 'waits.ts']);
    const after = await project.statusWhere('waits', ({ state }) => state === 'sealed');
    expect(after.waitingErrors).toMatchObject([{ items: 10, code: 'Error' }]);
  });

  it('is shown for a source that waits to repeat a call', async () => {
    project.write('waits.ts', pipeline(`async *source({ fetch }) { yield await (await fetch('${url}')).json(); },`));
    const running = project.start(['run', 'waits.ts']);
    const logged = await running.logged('child.log', ({ message }) => message === 'call will be repeated');
    expect(logged).toMatchObject({ role: 'producer', what: `${url} answered 503`, tries: 1, of: 5 });
    const { reasons } = await project.statusWhere('waits', (status) =>
      status.reasons.some((reason) => reason.includes('503')),
    );
    expect(reasons.join()).toMatch(/the source waits: http:\S+ answered 503, attempt 2 of 5 in /);
  });

  it('is shown for a stop: which items still run, where, and until when', async () => {
    project.write(
      'waits.ts',
      pipeline(`source: [1, 2, 3].map((id) => ({ id })), process: () => new Promise(() => undefined),`),
    );
    const running = project.start(['run', 'waits.ts', '--stop-timeout', '10min']);
    await project.statusWhere('waits', ({ queue, processes }) => queue.lent === 3 && processes.at(-1)?.started === 3);
    running.kill('SIGTERM');
    const { stop, processes } = await project.statusWhere('waits', ({ state }) => state === 'stopping');
    expect(stop).toMatchObject({ reason: 'SIGTERM', running: 3 });
    expect(stop!.abortInMs).toBeLessThanOrEqual(8 * 60_000);
    expect(stop!.killInMs).toBeLessThanOrEqual(10 * 60_000);
    expect(processes.at(-1)).toMatchObject({ state: 'draining', lent: 3, started: 3 });
    running.kill('SIGTERM');
    expect(await running.logged('run.aborting')).toMatchObject({ running: 3 });
    await running.ended;
  });
});

describe('a change by the top level of a pipeline', () => {
  it('does not move a sink that has a relative path', async () => {
    const top = `process.chdir('/');`;
    project.write('waits.ts', pipeline(`source: [{ id: 1 }],`, top));
    expect((await project.run(['run', 'waits.ts'])).code).toBe(0);
    project.expectEachOnce(1);
  });
});

describe('many calls at a time in an item', () => {
  it('with its signal cause no warning about leaked listeners', async () => {
    project.write(
      'waits.ts',
      pipeline(`source: [{ id: 1 }],
    async process(item, { fetch, signal }) {
      const calls = Array.from({ length: 60 }, () => fetch('${url}', { signal, retries: 0 }).catch(() => undefined));
      await Promise.all(calls);
      return item;
    },`),
    );
    const { code, stderr } = await project.run(['run', 'waits.ts']);
    expect([code, stderr]).toEqual([0, expect.not.stringContaining('MaxListeners')]);
  });
});
