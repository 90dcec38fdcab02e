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
  /** The ids, in the order of their calls. */
  calls: number[];
  mostInFlight: number;
  /** The answer instead of 200. */
  refuse: (id: number) => { status: number; retryAfter: string } | undefined;
  close: () => Promise<void>;
}

/** An API that counts its calls, and continues a call whose connection was closed. */
async function startVendor(): Promise<Vendor> {
  let inFlight = 0;
  const server: Server = createServer((request, response) => {
    const id = Number(request.url?.slice(1));
    inFlight += 1;
    vendor.mostInFlight = Math.max(vendor.mostInFlight, inFlight);
    vendor.calls.push(id);
    const refusal = vendor.refuse(id);
    if (request.url!.startsWith('/head/')) response.writeHead(200, { 'content-length': 1_000_000 }).write('a part');
    else
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
  import { definePipeline, PermanentError, to } from 'millrace';
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
      // As users see it in messages.
      const kinds = [response, response.headers].map((one) => one.constructor.name);
      if (kinds.join() !== 'Response,Headers') throw new PermanentError('got ' + kinds.join());
      return (await response.json()) as { id: number };
    },
    sink: to.sqlite({ file: 'out.db', table: 'rows' }),
  });`;

const twelveSlotsEach = ['--consumers', '2', '--concurrency', '12'];

describe('a limit', () => {
  it('holds across all processes: 24 slots never exceed it, and each row is there once', async () => {
    project.write('calls.ts', pipeline('{ concurrency: 5 }', 200));
    expect((await project.run(['run', 'calls.ts', ...twelveSlotsEach])).code).toBe(0);
    expect(vendor.mostInFlight).toBe(5);
    project.expectEachOnce(200);
    expect(vendor.calls).toHaveLength(204);
  });

  it.each([
    ['after the linger', `, linger: '500ms'`],
    ['after the time that calls take', ''],
  ])('releases the permits of a killed consumer once the vendor has finished its calls, too: %s', async (_, linger) => {
    project.write('calls.ts', pipeline(`{ concurrency: 3${linger} }`, 150));
    const running = project.start(['run', 'calls.ts', ...twelveSlotsEach]);
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
    expect(vendor.mostInFlight).toBe(3);
    project.expectEachOnce(150);
  });

  it('with a rate allows no more calls, even when the supervisor is killed', async () => {
    project.write('calls.ts', pipeline(`{ rate: '20/h' }`, 49));
    const first = project.start(['run', 'calls.ts', ...twelveSlotsEach]);
    await project.until(() => (vendor.calls.length === 20 ? true : undefined));
    first.kill('SIGKILL');
    await first.ended;
    project.start(['run', 'calls.ts', ...twelveSlotsEach]);
    // Every slot has requested a permit.
    const { limits } = await project.statusWhere('calls', ({ limits: [vendors] }) => vendors?.waiting === 24);
    expect(limits[0]).toMatchObject({ held: 0, granted: 0 });
    expect(vendor.calls).toHaveLength(20);
  });

  it('with a rate allows more calls as time passes', async () => {
    project.write('calls.ts', pipeline(`{ rate: '20/s' }`, 49));
    expect((await project.run(['run', 'calls.ts', ...twelveSlotsEach])).code).toBe(0);
    expect(vendor.calls).toHaveLength(49);
    project.expectEachOnce(49);
  });

  it('that the vendor has frozen stays frozen when the supervisor is killed', async () => {
    vendor.refuse = () => ({ status: 429, retryAfter: '3600' });
    project.write('calls.ts', pipeline('{ concurrency: 1 }', 24));
    const first = project.start(['run', 'calls.ts', ...twelveSlotsEach]);
    await first.logged('limit.frozen');
    // The supervisor learns of it within a tick, and stores it with the tick. A later question is answered later.
    await project.status('calls');
    first.kill('SIGKILL');
    await first.ended;
    project.start(['run', 'calls.ts', ...twelveSlotsEach]);
    const { limits } = await project.statusWhere('calls', ({ limits: [vendors] }) => vendors?.waiting === 24);
    expect(limits[0]!.frozenMs).toBeGreaterThan(3_000_000);
    expect(vendor.calls).toHaveLength(1);
  });

  it('that the vendor has frozen allows calls again afterwards, and no attempt was used', async () => {
    vendor.refuse = () => (vendor.calls.length === 1 ? { status: 429, retryAfter: '1' } : undefined);
    project.write('calls.ts', pipeline('{ concurrency: 1 }', 20));
    expect((await project.run(['run', 'calls.ts', '--consumers', '2', '--attempts', '1'])).code).toBe(0);
    expect(vendor.calls).toHaveLength(21);
    expect(vendor.mostInFlight).toBe(1);
    project.expectEachOnce(20);
  });
});

describe('a stop while items wait for a limit that the vendor has frozen', () => {
  it('gives them back at once, with exit code 0 and no attempt used', async () => {
    vendor.refuse = () => (vendor.calls.length === 1 ? { status: 429, retryAfter: '3600' } : undefined);
    project.write('calls.ts', pipeline('{ concurrency: 1 }', 24));
    const args = ['run', 'calls.ts', ...twelveSlotsEach, '--stop-timeout', '10min', '--attempts', '1'];
    const first = project.start(args);
    await project.statusWhere('calls', ({ limits: [vendors] }) => vendors?.waiting === 24);
    first.kill('SIGTERM');
    // Well before the ten minutes, which this test does not have.
    const { code } = await first.ended;
    expect(code).toBe(0);
    expect(first.log.filter(({ event }) => event === 'item.retry' || event === 'item.dead')).toEqual([]);
    expect(vendor.calls).toHaveLength(1);
  });
});

describe('a response body that nobody awaits', () => {
  it('is cancelled when its item settles: it kills no process, and the log says once what to do', async () => {
    project.write(
      'calls.ts',
      `
      import { definePipeline, to } from 'millrace';
      export default definePipeline({
        name: 'calls',
        source: Array.from({ length: 40 }, (_, i) => ({ id: i + 1 })),
        async process({ id }, { fetch }) {
          const response = await fetch('${vendor.url}/head/' + id);
          void response.text();
          return { id };
        },
        sink: to.sqlite({ file: 'out.db', table: 'rows' }),
      });`,
    );
    const { code, stderr } = await project.run(['run', 'calls.ts', '--consumers', '1']);
    expect(stderr).not.toContain('crashed:');
    expect(stderr.split('that the pipeline did not await')).toHaveLength(2);
    expect(code).toBe(0);
    project.expectEachOnce(40);
  });
});
