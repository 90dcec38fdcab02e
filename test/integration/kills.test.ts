import { existsSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Status } from '../../src/observability/status.ts';
import { processesOf, Project } from '../support/project.ts';

let project: Project;
beforeEach(() => {
  project = new Project();
});
afterEach(() => project.clean());

/** Slow enough to be killed in the middle, into a table that shows every double write. */
const appending = (options: { items: number; waitMs: number; every?: number }) => `
  import { definePipeline, to } from 'millrace';
  export default definePipeline({
    name: 'kills',
    async *source() {
      for (let id = 1; id <= ${options.items}; id++) {
        if (id % ${options.every ?? 50} === 0) await new Promise((go) => setTimeout(go, ${options.waitMs}));
        yield { id, text: 'item ' + id };
      }
    },
    async process(item) {
      if (item.id % 3 === 0) await new Promise((go) => setTimeout(go, ${options.waitMs} * Math.random()));
      return { ...item, pid: process.pid };
    },
    sink: to.sqlite({ file: 'out.db', table: 'rows' }),
    options: { crashLimit: 1000 },
  });`;

describe('a consumer', () => {
  it('can be killed at work repeatedly, throughout the run: each row is there once', async () => {
    project.write(
      'kills.ts',
      appending({ items: 1e9, waitMs: 10 })
        .replace('id <= ', `!existsSync('enough') && id <= `)
        .replace('import', `import { existsSync } from 'node:fs';\nimport`),
    );
    const running = project.start(['run', 'kills.ts', '--consumers', '5']);
    const kills = 20;
    let doneBefore = 0;
    for (let killed = 0; killed < kills; killed++) {
      // Whenever a consumer has items in hand: they could not be replaced faster. But not while a consumer runs a
      // single item: after three such kills in a row, that item would be taken for the killer.
      const isAtWork = ({ who, state, lent }: Status['processes'][number]): boolean =>
        who.role === 'consumer' && state === 'ready' && lent > 1;
      const { items, processes } = await project.statusWhere(
        'kills',
        (status) => status.items.done > doneBefore && status.processes.some(isAtWork),
      );
      doneBefore = items.done;
      const victim = processes.find(isAtWork)!.who.pid!;
      process.kill(victim, 'SIGKILL');
      await running.logged('child.exited', ({ pid }) => pid === victim);
    }
    project.write('enough', '');
    expect((await running.ended).code).toBe(0);
    const { items } = (await running.logged('run.finished')) as { items?: number };
    project.expectEachOnce(items!);
    const died = running.log.filter(({ event, signal }) => event === 'child.exited' && signal === 'SIGKILL');
    expect(died).toHaveLength(kills);
    expect(died.filter(({ givenBack }) => Number(givenBack) > 0).length).toBeGreaterThan(kills / 2);
  });

  it('that exits with 0 unexpectedly counts as crashed, and is replaced', async () => {
    project.write(
      'quits.ts',
      `import { existsSync, writeFileSync } from 'node:fs';
       import { definePipeline, to } from 'millrace';
       export default definePipeline({
         name: 'quits',
         source: [{ id: 1 }, { id: 2 }, { id: 3 }],
         process(item) {
           if (item.id === 2 && !existsSync('quit')) { writeFileSync('quit', ''); process.exit(0); }
           return item;
         },
         sink: to.sqlite({ file: 'out.db', table: 'rows' }),
       });`,
    );
    const running = project.start(['run', 'quits.ts', '--consumers', '1']);
    expect((await running.ended).code).toBe(0);
    const [crash] = running.log.filter(({ event, level }) => event === 'child.exited' && level === 'error');
    expect(crash?.message).toContain('exited 0 unexpectedly');
    project.expectEachOnce(3);
  });
});

describe('the producer', () => {
  it('can be killed five times: no item is lost or done twice', async () => {
    project.write('kills.ts', appending({ items: 4000, waitMs: 20 }));
    const running = project.start(['run', 'kills.ts', '--consumers', '2']);
    for (let kill = 0; kill < 5; kill++) {
      const status = await project.statusWhere('kills', ({ items, processes }) => {
        return (
          items.stored > kill * 300 && processes.some(({ who, state }) => who.role === 'producer' && state === 'ready')
        );
      });
      const producer = status.processes.find(({ who }) => who.role === 'producer')!;
      process.kill(producer.who.pid!, 'SIGKILL');
      await running.logged('child.exited', ({ pid }) => pid === producer.who.pid);
    }
    expect((await running.ended).code).toBe(0);
    project.expectEachOnce(4000);
  });
});

describe('the supervisor', () => {
  it.each([
    ['where the kernel kills orphans', {}],
    ['where orphans must notice by themselves', { PATH: '/nowhere' }],
  ])('can be killed three times, even with a consumer in a busy loop, %s', async (_, env: Record<string, string>) => {
    project.write(
      'kills.ts',
      appending({ items: 3000, waitMs: 20 }).replace(
        'return {',
        `if (item.id % 700 === 0) { const { writeFileSync } = await import('node:fs'); writeFileSync('busy-' + item.id, String(process.pid)); const until = Date.now() + 1500; while (Date.now() < until); }
         return {`,
      ),
    );
    for (const id of [700, 1400, 2100]) {
      const running = project.start(['run', 'kills.ts', '--consumers', '2'], env);
      // A consumer is in the loop right now.
      await project.until(() => project.read(`busy-${id}`) || undefined);
      running.kill('SIGKILL');
      expect((await running.ended).signal).toBe('SIGKILL');
    }
    const last = project.start(['run', 'kills.ts', '--consumers', '2'], env);
    expect((await last.ended).code).toBe(0);
    project.expectEachOnce(3000);
    await project.quiet();
  });

  it('is followed by a supervisor that ends processes that a consumer had started', async () => {
    project.write(
      'kills.ts',
      appending({ items: 3000, waitMs: 20 }).replace(
        'async process(item) {',
        `setup() { process.getBuiltinModule('node:child_process').spawn('/bin/sleep', ['1000'], { stdio: 'ignore' }).unref(); },
         async process(item) {`,
      ),
    );
    const first = project.start(['run', 'kills.ts', '--consumers', '1'], { PATH: '/nowhere' });
    await project.statusWhere('kills', ({ items }) => items.done > 0);
    // Without a guard, the consumer kills its group itself, unless it dies before it can.
    const consumer = first.log.find(({ event, role }) => event === 'child.started' && role === 'consumer');
    process.kill(Number(consumer?.['pid']), 'SIGSTOP');
    first.kill('SIGKILL');
    process.kill(Number(consumer?.['pid']), 'SIGKILL');
    await first.ended;
    await project.quiet({ but: 1 });
    const [left] = processesOf(project.directory);
    expect(left).toBeDefined();
    const second = project.start(['run', 'kills.ts', '--consumers', '1']);
    await second.logged('run.started');
    expect(processesOf(project.directory)).not.toContain(left);
    expect((await second.ended).code).toBe(0);
    project.expectEachOnce(3000);
  });

  it.each([
    ['the kernel', {}],
    ['a thread of theirs', { PATH: '/nowhere' }],
  ])('leaves no child behind when it is killed, even one in an endless loop: %s ends them', async (_, env) => {
    project.write(
      'kills.ts',
      appending({ items: 100_000, waitMs: 50 }).replace(
        'return {',
        `if (item.id === 50) {
           process.getBuiltinModule('node:fs').writeFileSync('busy', '');
           for (;;);
         }
         return {`,
      ),
    );
    const running = project.start(['run', 'kills.ts', '--consumers', '3'], env);
    await project.until(() => existsSync(project.path('busy')) || undefined);
    running.kill('SIGKILL');
    await running.ended;
    await project.quiet();
    expect(processesOf(project.directory)).toEqual([]);
  });

  it.each([
    ['a guard in the group', {}],
    ['the children', { PATH: '/nowhere' }],
  ])('leaves no process behind that an item has started when it is killed: %s ends it', async (_, env) => {
    project.write(
      'kills.ts',
      appending({ items: 4, waitMs: 0 }).replace(
        'return {',
        `const program = process.getBuiltinModule('node:child_process').spawn(process.execPath, ['-e', 'setInterval(() => undefined, 1000)'], { stdio: 'ignore' });
         process.getBuiltinModule('node:fs').appendFileSync('started', program.pid + '\\n');
         await new Promise((gone) => program.on('exit', gone));
         return {`,
      ),
    );
    const running = project.start(['run', 'kills.ts', '--consumers', '2', '--concurrency', '2'], env);
    await project.until(() => project.read('started').trim().split('\n').length === 4 || undefined);
    running.kill('SIGKILL');
    await running.ended;
    await project.quiet();
    expect(processesOf(project.directory)).toEqual([]);
  });
});
