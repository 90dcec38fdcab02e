import { once } from 'node:events';
import { request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createVendor, type VendorStats } from '../../../../examples/vendor/api.ts';
import { Gate } from '../../../../examples/vendor/gate.ts';
import { pokemonRecords } from '../../../../examples/vendor/records.ts';

describe('the vendor’s API', () => {
  let server: Server;
  let base: string;
  /** Calls in flight wait here until the test releases them. */
  let time: number;
  let held: (() => void)[];
  let arrived: (() => void) | undefined;

  beforeEach(async () => {
    held = [];
    time = 0;
    server = createVendor({
      records: await pokemonRecords(),
      gate: new Gate({ concurrency: 2 }),
      now: () => time,
      latency: () =>
        new Promise((resolve) => {
          held.push(resolve);
          arrived?.();
        }),
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  afterEach(async () => {
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  });

  const inFlight = async (count: number): Promise<void> => {
    while (held.length < count) await new Promise<void>((resolve) => (arrived = resolve));
  };
  const letGo = (): void => held.splice(0).forEach((go) => go());
  const stats = async (): Promise<VendorStats> => (await (await fetch(`${base}/stats`)).json()) as VendorStats;
  const get = async (path: string): Promise<{ status: number; body: unknown }> => {
    const answer = fetch(`${base}${path}`);
    await inFlight(1);
    letGo();
    const response = await answer;
    return { status: response.status, body: await response.json() };
  };

  test('serves a record by number and by name', async () => {
    expect(await get('/api/v2/pokemon/25')).toMatchObject({ status: 200, body: { id: 25, name: 'pikachu' } });
    expect(await get('/api/v2/pokemon/mew/')).toMatchObject({ status: 200, body: { id: 151 } });
  });

  test('answers 404 for a record that it does not have and 405 for a method that it does not support', async () => {
    expect(await get('/api/v2/pokemon/152')).toMatchObject({ status: 404 });
    expect(await get('/elsewhere')).toMatchObject({ status: 404 });
    expect((await fetch(`${base}/api/v2/pokemon/1`, { method: 'POST' })).status).toBe(405);
  });

  test('refuses the call above its limit with 429 and Retry-After, and serves it later', async () => {
    const first = [fetch(`${base}/api/v2/pokemon/1`), fetch(`${base}/api/v2/pokemon/2`)];
    await inFlight(2);
    const refused = await fetch(`${base}/api/v2/pokemon/3`);
    expect(refused.status).toBe(429);
    expect(refused.headers.get('Retry-After')).toBe('1');
    letGo();
    expect((await Promise.all(first)).map(({ status }) => status)).toEqual([200, 200]);
    expect(await get('/api/v2/pokemon/3')).toMatchObject({ status: 200 });
    expect(await stats()).toEqual({
      calls: 4,
      answered: 3,
      refused: 1,
      abandoned: 0,
      inFlight: 0,
      mostInFlight: 2,
      busyMs: 0,
      byId: { 1: 1, 2: 1, 3: 1 },
    });
  });

  test('counts a call as in flight until it is over, even if its client has hung up', async () => {
    const client = request(`${base}/api/v2/pokemon/1`).end();
    client.on('error', () => undefined);
    const [connection] = (await once(server, 'connection')) as [NodeJS.EventEmitter];
    await inFlight(1);
    client.destroy();
    await once(connection, 'close');
    expect(await stats()).toMatchObject({ inFlight: 1, abandoned: 0 });
    letGo();
    expect(await stats()).toMatchObject({ inFlight: 0, abandoned: 1, answered: 0 });
  });

  test('measures from the first call to the latest answer', async () => {
    time = 100;
    const answer = fetch(`${base}/api/v2/pokemon/1`);
    await inFlight(1);
    time = 250;
    letGo();
    await answer;
    expect((await stats()).busyMs).toBe(150);
    time = 400;
    await get('/api/v2/pokemon/2');
    expect((await stats()).busyMs).toBe(300);
  });

  test('links each page to the next until the last', async () => {
    const names: string[] = [];
    let pages = 0;
    let next: string | null = `${base}/api/v2/pokemon?limit=60`;
    while (next !== null) {
      const { body } = await get(next.slice(base.length));
      const page = body as { count: number; next: string | null; results: { name: string; url: string }[] };
      expect(page.count).toBe(151);
      names.push(...page.results.map(({ name }) => name));
      next = page.next;
      pages++;
    }
    expect(pages).toBe(3);
    expect(names).toHaveLength(151);
    expect(names.at(-1)).toBe('mew');
  });
});
