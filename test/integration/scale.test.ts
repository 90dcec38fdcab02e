import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
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
      `import { definePipeline, discard } from 'millrace';
       export default definePipeline({
         name: 'scale',
         *source() { for (let id = 1; id <= 1_000_000; id++) yield { id, text: 'item number ' + id, filler: 'x'.repeat(120) }; },
         process() {},
         sink: discard(),
       });`,
    );
    const running = project.start(['run', 'scale.ts', '--consumers', '2']);
    await project.statusWhere('scale', ({ items }) => items.done > 900_000);
    expect(peakMemory(running.pid)).toBeLessThan(120 * mebi);
    expect((await running.ended).code).toBe(0);
    expect(await running.logged('run.finished')).toMatchObject({ items: 1_000_000, done: 1_000_000 });
  });

  it('against a slow consumer keep the queue at its mark, and the memory flat', async () => {
    project.write(
      'scale.ts',
      `import { definePipeline, discard } from 'millrace';
       export default definePipeline({
         name: 'scale',
         *source() { for (let id = 1; id <= 1_000_000; id++) yield { id, filler: 'x'.repeat(200) }; },
         process: () => new Promise((go) => setTimeout(go, 50)),
         sink: discard(),
       });`,
    );
    const running = project.start(['run', 'scale.ts', '--consumers', '1', '--queue-high-items', '50000']);
    await running.logged('throttle.raised');
    const { queue, reasons } = await project.statusWhere(
      'scale',
      // What a process waits for comes with its beat, once a second.
      (now) =>
        now.queue.throttled &&
        now.items.done > 500 &&
        now.processes.some(({ waiting }) => waiting?.includes('throttled')),
    );
    const open = queue.queued + queue.lent + queue.retrying;
    // At the mark, and at most the producer's window of 4 MiB above it.
    expect(open).toBeLessThan(50_000 + (4 * mebi) / 200);
    expect(queue.lent).toBeLessThanOrEqual(32);
    expect(reasons.join()).toContain('high-water mark');
    expect(peakMemory(running.pid)).toBeLessThan(120 * mebi);
    running.kill('SIGTERM');
    expect((await running.ended).code).toBe(0);
  });
});

describe('24 consumers', () => {
  it('write into one SQLite file without any of them seeing it busy, or starving', async () => {
    project.write(
      'scale.ts',
      `import { definePipeline, sqlite } from 'millrace';
       export default definePipeline({
         name: 'scale',
         *source() { for (let id = 1; id <= 20_000; id++) yield { id }; },
         async process(item) { await new Promise((go) => setTimeout(go, 1)); return { ...item, pid: process.pid }; },
         sink: sqlite({ file: 'out.db', table: 'rows' }),
       });`,
    );
    const running = project.start([
      'run',
      'scale.ts',
      '--consumers',
      '24',
      '--concurrency',
      '4',
      '--ready-timeout',
      '2min',
    ]);
    const { code, stderr } = await running.ended;
    expect(code).toBe(0);
    expect(stderr).not.toMatch(/SQLITE_BUSY|is locked|SINK_/);
    const [totals] = project.query<{ n: number; ids: number }>(
      'out.db',
      'SELECT count(*) AS n, count(DISTINCT id) AS ids FROM rows',
    );
    expect(totals).toEqual({ n: 20_000, ids: 20_000 });
    const shares = project.query<{ n: number }>('out.db', 'SELECT count(*) AS n FROM rows GROUP BY pid');
    expect(shares.length).toBeGreaterThan(1);
  });
});
