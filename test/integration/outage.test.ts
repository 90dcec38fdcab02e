import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { Project } from '../support/project.ts';

let project: Project;
beforeEach(() => {
  project = new Project();
});
afterEach(() => project.clean());

// A hundred failures are not an outage before ten seconds have passed; this test takes a little longer.
it('a pipeline in which nothing succeeds pauses and says why, and resumes, with no attempt used, when an item succeeds', async () => {
  project.write(
    'outage.ts',
    `import { existsSync } from 'node:fs';
     import { definePipeline, RetryAfter, to } from 'millrace';
     export default definePipeline({
       name: 'outage',
       *source() { for (let id = 1; id <= 30; id++) yield { id }; },
       process(item, { attempt }) {
         // Like a DependencyError, except for its longer wait.
         if (!existsSync('the-vendor-is-back')) throw new RetryAfter(500, 'the vendor is out');
         return { ...item, attempt };
       },
       sink: to.sqlite({ file: 'out.db', table: 'rows' }),
     });`,
  );
  const running = project.start(['run', 'outage.ts', '--consumers', '1', '--attempts', '1']);
  const { pausedBy, reasons, items } = await project.statusWhere('outage', ({ state }) => state === 'paused');
  expect(pausedBy).toMatch(/^every recent attempt failed \(last error: the vendor is out\); trying one item at a time/);
  expect(reasons).toContain(`paused: ${pausedBy}`);
  expect(items).toMatchObject({ stored: 30, done: 0, dead: 0 });
  const shown = await project.run(['status', 'outage']);
  expect(shown.stdout).toContain('outage, paused');
  expect(shown.stdout).toContain('the vendor is out');

  project.write('the-vendor-is-back', '');
  expect((await running.ended).code).toBe(0);
  const events = running.log.map(({ event }) => event);
  expect(events.filter((event) => event === 'run.paused' || event === 'run.unpaused')).toEqual([
    'run.paused',
    'run.unpaused',
  ]);
  project.expectEachOnce(30);
  expect(project.query('out.db', 'SELECT max(attempt) AS attempts FROM rows')).toEqual([{ attempts: 1 }]);
});

/** A vendor that answers all requests except those of one item out of five. */
async function startVendor(): Promise<{ url: string; server: Server }> {
  const server = createServer((request, response) => {
    if (request.url === '/7') return; // Never answered.
    if (request.url === '/8') return void request.socket.destroy();
    if (request.url === '/9') return void response.writeHead(503).end();
    setTimeout(() => response.end('{}'), 20);
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}

it('items that are the only ones without an answer become dead letters, and the run ends; they do not hold up the others', async () => {
  const { url, server } = await startVendor();
  project.write(
    'alone.ts',
    `import { definePipeline, to } from 'millrace';
     export default definePipeline({
       name: 'alone',
       limits: { vendor: { concurrency: 5 } },
       source: Array.from({ length: 60 }, (_, i) => ({ id: i + 1 })),
       async process({ id }, { fetch }) {
         const host = id === 10 ? 'http://nobody.invalid' : id === 11 ? '${url.replace('http:', 'https:')}' : '${url}';
         const response = await fetch(host + '/' + id, { limit: 'vendor', timeout: '300ms', retries: 0 });
         await response.text();
         return { id };
       },
       sink: to.sqlite({ file: 'out.db', table: 'rows' }),
     });`,
  );
  const flags = ['--consumers', '2', '--attempts', '2', '--retry-base', '100ms'];
  const { code } = await project.run(['run', 'alone.ts', ...flags]);
  server.closeAllConnections();
  server.close();
  const { stdout } = await project.run(['dead', 'ls', 'alone', '--json']);
  const letters = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { seq: number; reason: string });
  expect(letters.map(({ seq }) => seq).toSorted((a, b) => a - b)).toEqual([7, 8, 9, 10, 11]);
  expect(code).toBe(3);
  expect(project.query('out.db', 'SELECT count(*) AS rows FROM rows')).toEqual([{ rows: 55 }]);
});
