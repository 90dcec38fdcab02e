/** Processors in real consumers: leased to items, one for each slot, broken, closed, killed. */
import { rmSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { processesOf, Project } from '../support/project.ts';

let project: Project;
beforeEach(() => {
  project = new Project();
});
afterEach(() => project.clean());

/**
 * A program for each slot that answers each line with another one: the line and its own process id. `dies` makes it exit.
 * What is opened and closed is written to the file `events`.
 */
const echo = `
  import { spawn } from 'node:child_process';
  import { once } from 'node:events';
  import { appendFileSync, existsSync } from 'node:fs';
  import { createInterface } from 'node:readline';
  import { definePipeline, to } from 'millrace';
  import { configError, defineProcessor } from 'millrace/port';

  const note = (...words) => appendFileSync('events', words.join(' ') + '\\n');
  const loop = 'while read -r line; do [ "$line" = dies ] && exit 7; echo "$line $$"; done';
  const echo = defineProcessor({
    kind: 'echo',
    target: 'sh',
    async open({ slot, ordinal, signal }) {
      if (existsSync('wrong')) throw configError('NO_PROGRAM', 'there is no such program');
      if (existsSync('down')) throw new Error('no more programs');
      const child = spawn('sh', ['-c', loop], { stdio: ['pipe', 'pipe', 'inherit'], signal });
      await once(child, 'spawn');
      note('open', ordinal, slot, child.pid);
      child.on('error', () => {}).stdin.on('error', () => {});
      const ended = once(child, 'close');
      const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
      const open = {
        isBroken: false,
        async run({ id }, { attempt, seq }) {
          if (open.isBusy) throw new Error('two items at a time');
          open.isBusy = true;
          child.stdin.write((id % 20 === 10 && attempt === 1 ? 'dies' : seq) + '\\n');
          const { value, done } = await answers.next();
          open.isBusy = false;
          open.isBroken = done === true;
          if (open.isBroken) throw new Error('the program ended');
          const [echoed, pid] = value.split(' ').map(Number);
          return { id, seq, echoed, pid, consumer: process.pid };
        },
        async close() {
          child.stdin.end();
          await ended;
          note('close', ordinal, slot, child.pid);
        },
      };
      return open;
    },
  });`;

const pipeline = (source: string): string => `${echo}
  export default definePipeline({
    name: 'echo',
    ${source},
    process: echo,
    sink: to.sqlite({ file: 'out.db', table: 'rows' }),
    options: { concurrency: 3, retryBase: '10ms', crashLimit: 1000 },
  });`;

const items = (count: number): string => `source: Array.from({ length: ${count} }, (_, i) => ({ id: i + 1 }))`;

const eventsOf = (): { what: string; slot: string; pid: number }[] =>
  project
    .read('events')
    .trim()
    .split('\n')
    .map((line) => line.split(' '))
    .map(([what, ordinal, slot, pid]) => ({ what: what!, slot: `${ordinal}.${slot}`, pid: Number(pid) }));

describe('a processor', () => {
  it('is opened once for each slot, opened again after it broke, and closed at the end', async () => {
    project.write('echo.ts', pipeline(items(100)));
    const { code, stderr } = await project.run(['run', 'echo.ts', '--consumers', '2']);
    expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
    project.expectEachOnce(100);
    expect(project.query('out.db', 'SELECT * FROM rows WHERE echoed <> seq')).toEqual([]);

    const events = eventsOf();
    const opened = events.filter(({ what }) => what === 'open');
    const closed = events.filter(({ what }) => what === 'close');
    expect(new Set(closed.map(({ pid }) => pid))).toEqual(new Set(opened.map(({ pid }) => pid)));
    expect(closed).toHaveLength(opened.length);
    // One at a time in each slot.
    const open = new Map<string, number>();
    for (const { what, slot, pid } of events) {
      expect(open.get(slot)).toBe(what === 'open' ? undefined : pid);
      if (what === 'open') open.set(slot, pid);
      else open.delete(slot);
    }
    // Ids 10, 30, 50, 70 and 90 each broke one. A slot opens another one only when it needs it.
    const slots = new Set(opened.map(({ slot }) => slot)).size;
    expect(slots).toBeGreaterThanOrEqual(2);
    expect(slots).toBeLessThanOrEqual(6);
    expect(opened.length).toBeGreaterThan(slots);
    expect(opened.length).toBeLessThanOrEqual(slots + 5);
    const served = project.query<{ pid: number }>('out.db', 'SELECT DISTINCT pid FROM rows').map(({ pid }) => pid);
    expect(opened.map(({ pid }) => pid)).toEqual(expect.arrayContaining(served));
  });

  it('is closed when the service is stopped', async () => {
    project.write('echo.ts', pipeline(`*source() { for (let id = 1; ; id++) yield { id }; }`));
    const running = project.start(['run', 'echo.ts']);
    await project.statusWhere('echo', (status) => status.items.done > 20);
    running.kill('SIGTERM');
    expect((await running.ended).code).toBe(0);
    const events = eventsOf();
    const count = (what: string): number => events.filter((event) => event.what === what).length;
    expect(count('open')).toBeGreaterThan(0);
    expect(count('close')).toBe(count('open'));
    await project.quiet();
  });

  it('that cannot be opened again ends its consumer; the next one runs its items, and no attempt is used', async () => {
    project.write('echo.ts', pipeline(`*source() { for (let id = 1; !existsSync('enough'); id++) yield { id }; }`));
    // The second attempt is the last one: an item that broke its program has used the first.
    const running = project.start(['run', 'echo.ts', '--attempts', '2', '--queue-high-items', '500']);
    await project.statusWhere('echo', (status) => status.items.done > 20);
    project.write('down', '');
    const failed = await running.logged('child.exited', ({ level }) => level === 'error');
    expect(JSON.stringify(failed)).toContain('could not open the processor echo sh: no more programs');
    rmSync(project.path('down'));
    project.write('enough', '');
    const { code, stderr } = await running.ended;
    expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
    project.expectEachOnce(Number((await running.logged('run.finished'))['items']));
  });

  it('whose error cannot be fixed by waiting ends the service', async () => {
    project.write('echo.ts', pipeline(items(3)));
    project.write('wrong', '');
    const { code, stderr } = await project.run(['run', 'echo.ts']);
    expect(code).toBe(78);
    expect(stderr).toContain('could not open the processor echo sh: there is no such program');
  });
});

it('loses no item and repeats none when its consumer is killed, and its programs die with the consumer', async () => {
  project.write('echo.ts', pipeline(`*source() { for (let id = 1; !existsSync('enough'); id++) yield { id }; }`));
  const running = project.start(['run', 'echo.ts', '--consumers', '2', '--queue-high-items', '500']);
  let doneBefore = 0;
  for (let killed = 0; killed < 6; killed++) {
    const { items: counts, processes } = await project.statusWhere(
      'echo',
      (status) =>
        status.items.done > doneBefore && status.processes.some(({ who, lent }) => who.ordinal > 0 && lent > 1),
    );
    doneBefore = counts.done;
    const victim = processes.find(({ who, lent }) => who.ordinal > 0 && lent > 1)!.who.pid!;
    process.kill(victim, 'SIGKILL');
    await running.logged('child.exited', ({ pid }) => pid === victim);
  }
  project.write('enough', '');
  const { code, stderr } = await running.ended;
  expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
  const { items: count } = (await running.logged('run.finished')) as { items?: number };
  project.expectEachOnce(count!);
  expect(project.query('out.db', 'SELECT * FROM rows WHERE echoed <> seq')).toEqual([]);
  await project.quiet();
  expect(processesOf(project.directory)).toEqual([]);
}, 60_000);
