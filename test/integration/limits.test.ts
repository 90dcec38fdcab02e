import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Project } from '../support/project.ts';

let project: Project;
let vendor: Vendor;
beforeEach(async () => {
  project = new Project();
  vendor = await startVendor();
});
afterEach(async () => {
  await project.clean();
  await vendor.close();
});

interface Vendor {
  url: string;
  /** Ids in the order of their calls. */
  calls: { id: number; at: number }[];
  mostInFlight: number;
  /** What to answer instead of 200. */
  refuse: (id: number) => { status: number; retryAfter: string } | undefined;
  close: () => Promise<void>;
}

/** An API that counts what comes in. */
async function startVendor(): Promise<Vendor> {
  let inFlight = 0;
  const server: Server = createServer((request, response) => {
    const id = Number(request.url?.slice(1));
    inFlight += 1;
    vendor.mostInFlight = Math.max(vendor.mostInFlight, inFlight);
    vendor.calls.push({ id, at: performance.now() });
    const refusal = vendor.refuse(id);
    setTimeout(() => {
      inFlight -= 1;
      if (refusal) response.writeHead(refusal.status, { 'retry-after': refusal.retryAfter });
      response.end(JSON.stringify({ id }));
    }, 20);
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    calls: [],
    mostInFlight: 0,
    refuse: () => undefined,
    close: () =>
      new Promise((closed) => {
        server.closeAllConnections();
        server.close(() => closed());
      }),
  };
}

const pipeline = (limit: string, items: number) => `
  import { definePipeline, sqlite } from 'millrace';
  export default definePipeline({
    name: 'calls',
    limits: { vendor: ${limit} },
    async *source({ fetch }) {
      for (let id = 1; id <= ${items}; id++) {
        // The producer calls under the same limit.
        if (id % 50 === 0) await (await fetch('${vendor.url}/' + 1000 + id, { limit: 'vendor' })).text();
        yield { id };
      }
    },
    async process({ id }, { fetch }) {
      const response = await fetch('${vendor.url}/' + id, { limit: 'vendor' });
      return (await response.json()) as { id: number };
    },
    sink: sqlite({ file: 'out.db', table: 'rows' }),
  });`;

describe('a limit', () => {
  it('holds across all processes: 24 slots never have more calls in flight, and each row is there once', async () => {
    project.write('calls.ts', pipeline('{ concurrency: 5 }', 200));
    expect((await project.run(['run', 'calls.ts', '--consumers', '2', '--concurrency', '12'])).code).toBe(0);
    expect(vendor.mostInFlight).toBe(5);
    const [totals] = project.query('out.db', 'SELECT count(*) AS n, count(DISTINCT id) AS ids FROM rows');
    expect(totals).toEqual({ n: 200, ids: 200 });
    expect(vendor.calls).toHaveLength(204);
  });

  it('gives back what a killed consumer held', async () => {
    project.write('calls.ts', pipeline('{ concurrency: 3 }', 150));
    const running = project.start(['run', 'calls.ts', '--consumers', '2', '--concurrency', '12']);
    for (const done of [20, 50, 80]) {
      const { processes } = await project.statusWhere(
        'calls',
        ({ items, processes: all }) =>
          items.done >= done && all.some(({ who, state }) => who.role === 'consumer' && state === 'ready'),
      );
      process.kill(
        processes.find(({ who, state }) => who.role === 'consumer' && state === 'ready')!.who.pid!,
        'SIGKILL',
      );
    }
    expect((await running.ended).code).toBe(0);
    expect(project.query('out.db', 'SELECT count(DISTINCT id) AS ids, count(*) AS n FROM rows')).toEqual([
      { ids: 150, n: 150 },
    ]);
  });

  it('with a rate never lets more calls begin in any second, also over a kill of the supervisor', async () => {
    project.write('calls.ts', pipeline(`{ rate: '20/s' }`, 70));
    const first = project.start(['run', 'calls.ts', '--consumers', '2', '--concurrency', '12']);
    await project.until(() => (vendor.calls.length >= 15 ? true : undefined));
    first.kill('SIGKILL');
    await first.ended;
    expect((await project.run(['run', 'calls.ts', '--consumers', '2', '--concurrency', '12'])).code).toBe(0);
    const times = vendor.calls.map(({ at }) => at);
    // A call arrives a little after its grant: what is granted evenly may arrive in bunches, by that little.
    const slackMs = 100;
    const most = Math.max(
      ...times.map((from) => times.filter((at) => at >= from && at < from + 1000 - slackMs).length),
    );
    expect(most).toBeLessThanOrEqual(20);
    expect(project.query('out.db', 'SELECT count(DISTINCT id) AS ids, count(*) AS n FROM rows')).toEqual([
      { ids: 70, n: 70 },
    ]);
  });

  it('that the vendor has frozen stays so over a kill of the supervisor, and costs no attempt', async () => {
    let frozenAt = 0;
    vendor.refuse = () => {
      if (frozenAt > 0) return undefined;
      frozenAt = performance.now();
      return { status: 429, retryAfter: '3' };
    };
    project.write('calls.ts', pipeline('{ concurrency: 1 }', 20));
    const first = project.start(['run', 'calls.ts', '--consumers', '2', '--attempts', '1']);
    await first.logged('limit.frozen');
    await project.statusWhere('calls', ({ limits }) => limits.some(({ frozenMs }) => frozenMs > 0));
    first.kill('SIGKILL');
    await first.ended;
    expect((await project.run(['run', 'calls.ts', '--consumers', '2', '--attempts', '1'])).code).toBe(0);
    const early = vendor.calls.filter(({ at }) => at > frozenAt && at < frozenAt + 2900);
    expect(early).toEqual([]);
    expect(project.query('out.db', 'SELECT count(DISTINCT id) AS ids FROM rows')).toEqual([{ ids: 20 }]);
  });
});
