import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Project } from '../support/project.ts';

let project: Project;
beforeEach(() => {
  project = new Project();
});
afterEach(() => project.clean());

const mebi = 1024 * 1024;

/** Peak resident memory of a process so far, in bytes. */
function peakMemory(pid: number): number {
  const [, kilobytes] = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) * 1024;
}

describe('a million items', () => {
  it('pass through the queue in full frames, and the supervisor stays below 120 MiB', async () => {
    project.write(
      'scale.ts',
      `import { definePipeline, to } from 'millrace';
       export default definePipeline({
         name: 'scale',
         *source() { for (let id = 1; id <= 1_000_000; id++) yield { id, text: 'item number ' + id, filler: 'x'.repeat(120) }; },
         process() {},
         sink: to.discard(),
       });`,
    );
    const running = project.start(['run', 'scale.ts', '--consumers', '2']);
    const { traffic } = await project.statusWhere('scale', ({ items }) => items.done > 900_000);
    // A frame holds 1,024 of these items. How many are delivered at once depends on what the machine can do in 75 ms.
    expect(traffic.delivered / traffic.frames).toBeGreaterThan(900);
    expect(traffic.delivered / traffic.deliveries).toBeGreaterThan(128);
    expect(peakMemory(running.pid)).toBeLessThan(120 * mebi);
    expect((await running.ended).code).toBe(0);
    expect(await running.logged('run.finished')).toMatchObject({ items: 1_000_000, done: 1_000_000 });
  });

  it('with a slow consumer keep the queue at its mark and the memory flat', async () => {
    project.write(
      'scale.ts',
      `import { definePipeline, to } from 'millrace';
       export default definePipeline({
         name: 'scale',
         *source() { for (let id = 1; id <= 1_000_000; id++) yield { id, filler: 'x'.repeat(200) }; },
         process: () => new Promise((go) => setTimeout(go, 50)),
         sink: to.discard(),
       });`,
    );
    const running = project.start(['run', 'scale.ts', '--consumers', '1', '--queue-high-items', '50000']);
    await running.logged('throttle.raised');
    const { queue, reasons } = await project.statusWhere(
      'scale',
      // The reasons for which a process waits come with its beat, once a second.
      (now) =>
        now.queue.throttled &&
        now.items.done > 500 &&
        now.processes.some(({ waiting }) => waiting?.includes('throttled')),
    );
    const open = queue.queued + queue.lent + queue.retrying;
    // At the mark, or above it by at most the producer's window of 4 MiB.
    expect(open).toBeLessThan(50_000 + (4 * mebi) / 200);
    // It holds the work of its slots, however slow on a busy machine, and not the queue.
    expect(queue.lent).toBeLessThan(1000);
    expect(reasons.join()).toContain('high-water mark');
    expect(peakMemory(running.pid)).toBeLessThan(120 * mebi);
    running.kill('SIGTERM');
    expect((await running.ended).code).toBe(0);
  });
});

describe('slow items', () => {
  it('are spread over all slots of all consumers', async () => {
    const rounds: string[][] = [];
    let held: { pid: string; response: ServerResponse }[] = [];
    // Four times it answers no call until all slots have called, and then takes long enough for these to be slow items.
    const vendor = createServer((request, response) => {
      held.push({ pid: request.url!.slice(1), response });
      if (rounds.length < 4 && held.length < 24) return;
      const round = held;
      held = [];
      rounds.push(round.map(({ pid }) => pid));
      setTimeout(() => round.forEach((call) => call.response.end()), 100);
    });
    await new Promise<void>((listening) => vendor.listen(0, '127.0.0.1', listening));
    const { port } = vendor.address() as AddressInfo;
    project.write(
      'scale.ts',
      `import { definePipeline, to } from 'millrace';
       export default definePipeline({
         name: 'scale',
         *source() { for (let id = 1; id <= 151; id++) yield { id }; },
         async process(_, { fetch }) { await fetch('http://127.0.0.1:${port}/' + process.pid); },
         sink: to.discard(),
       });`,
    );
    expect((await project.run(['run', 'scale.ts', '--consumers', '2', '--concurrency', '12'])).code).toBe(0);
    await new Promise((closed) => vendor.close(closed));
    expect(rounds.flat()).toHaveLength(151);
    for (const round of rounds.slice(0, 4)) expect(round.filter((pid) => pid === round[0])).toHaveLength(12);
  });
});

describe('24 consumers', () => {
  it('write to one SQLite file, and none of them gets a busy error or starves', async () => {
    project.write(
      'scale.ts',
      `import { existsSync } from 'node:fs';
       import { definePipeline, to } from 'millrace';
       export default definePipeline({
         name: 'scale',
         async *source() {
           while (!existsSync('go')) await new Promise((again) => setTimeout(again, 20));
           for (let id = 1; id <= 4800; id++) yield { id, filler: 'x'.repeat(4000) };
         },
         setup: ({ ordinal }) => ordinal,
         process: ({ id }, { resources }) => ({ id, consumer: resources }),
         sink: to.sqlite({ file: 'out.db', table: 'rows' }),
       });`,
    );
    // A consumer holds at most 16 items at a time: its share of the turns is its share of the rows.
    const few = ['--consumer-credit', '64KiB', '--frame-bytes', '64KiB'];
    const consumers = ['--consumers', '24', '--concurrency', '4', '--ready-timeout', '2min', ...few];
    const running = project.start(['run', 'scale.ts', ...consumers, '--log-level', 'debug']);
    for (let ordinal = 1; ordinal <= 24; ordinal++) {
      await running.logged('child.state', (entry) => entry.ordinal === ordinal && entry.message === 'ready');
    }
    project.write('go', '');
    const { code, stderr } = await running.ended;
    expect(code).toBe(0);
    expect(stderr).not.toMatch(/SQLITE_|locked|SINK_|sink\.down/);
    project.expectEachOnce(4800);
    const shares = project.query<{ n: number }>('out.db', 'SELECT count(*) AS n FROM rows GROUP BY consumer');
    expect(shares).toHaveLength(24);
    // An equal share is 200. Writers that wait for the file with SQLite's busy timeout differ by half of that.
    expect(Math.min(...shares.map(({ n }) => n))).toBeGreaterThan(160);
  });
});
