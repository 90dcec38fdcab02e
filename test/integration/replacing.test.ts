import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Status } from '../../src/observability/status.ts';
import { Project } from '../support/project.ts';

let project: Project;
beforeEach(() => {
  project = new Project();
});
afterEach(() => project.clean());

describe('a consumer that is recycled', () => {
  it('is replaced while items flow: no item is lost or done twice, and no process crashes', async () => {
    project.write(
      'recycled.ts',
      `import { existsSync } from 'node:fs';
       import { definePipeline, to } from 'millrace';
       export default definePipeline({
         name: 'recycled',
         async *source() {
           for (let id = 1; !existsSync('enough'); id++) {
             yield { id };
             if (id % 20 === 0) await new Promise((go) => setTimeout(go, 10));
           }
         },
         async process(item) {
           if (item.id % 7 === 0) await new Promise((go) => setTimeout(go, 20));
           return { ...item, pid: process.pid };
         },
         sink: to.sqlite({ file: 'out.db', table: 'rows' }),
       });`,
    );
    const running = project.start(['run', 'recycled.ts', '--consumers', '2', '--max-items', '300']);
    await project.until(() => {
      const replaced = running.log.filter(({ event, role }) => event === 'child.exited' && role === 'consumer');
      return replaced.length >= 4 || undefined;
    });
    project.write('enough', '');
    expect((await running.ended).code).toBe(0);
    expect(running.log.filter(({ level }) => level === 'error')).toEqual([]);
    const [rows] = project.query<Record<string, number>>(
      'out.db',
      'SELECT count(*) - count(DISTINCT id) AS twice, max(id) - count(DISTINCT id) AS missing, count(DISTINCT pid) > 4 AS isByMany FROM rows',
    );
    expect(rows).toEqual({ twice: 0, missing: 0, isByMany: 1 });
  });
});

describe('a pipeline that is reloaded', () => {
  /** Endless items, and the version of the code that each consumer runs. */
  const pipeline = (tag: string, options: { version?: string; more?: string } = {}) => `
    import { existsSync } from 'node:fs';
    import { definePipeline, to } from 'millrace';
    export default definePipeline({
      name: 'reloaded',
      ${options.version ? `version: '${options.version}',` : ''}
      async *source() {
        for (let id = 1; !existsSync('enough'); id++) {
          yield { id };
          if (id % 20 === 0) await new Promise((go) => setTimeout(go, 10));
        }
      },
      ${options.more ?? ''}
      process({ id }: { id: number }) { return { id, tag: '${tag}' }; },
      sink: to.sqlite({ file: 'out.db', table: 'rows' }),
    });`;
  const tagged = (tag: string): number =>
    project.query<{ count: number }>('out.db', `SELECT count(*) AS count FROM rows WHERE tag = '${tag}'`)[0]!.count;
  const expectEachOnce = (): void => {
    const sql = 'SELECT count(*) - count(DISTINCT id) AS twice, max(id) - count(DISTINCT id) AS missing FROM rows';
    expect(project.query('out.db', sql)).toEqual([{ twice: 0, missing: 0 }]);
  };

  it('continues with new code, consumer by consumer, after HUP or the command, and each item is there once', async () => {
    project.write('reloaded.ts', pipeline('old', { version: '1' }));
    const running = project.start(['run', 'reloaded.ts', '--consumers', '2']);
    await project.statusWhere('reloaded', ({ items, processes }) => {
      return items.done > 100 && processes.every(({ state }) => state === 'ready');
    });
    project.write('reloaded.ts', pipeline('new', { version: '1' }));
    running.kill('SIGHUP');
    await running.logged('reload.done');
    await project.until(() => tagged('new') > 100 || undefined);
    project.write('reloaded.ts', pipeline('newest', { version: '1' }));
    const command = await project.run(['reload', 'reloaded']);
    expect(command).toMatchObject({ code: 0, stdout: 'reloaded: 2 of 2 consumers have the new code\n' });
    await project.until(() => tagged('newest') > 100 || undefined);
    project.write('enough', '');
    expect((await running.ended).code).toBe(0);
    expect(running.log.filter(({ level }) => level === 'error')).toEqual([]);
    expect(tagged('old')).toBeGreaterThan(0);
    expectEachOnce();
  });

  it.each([
    ['has problems', pipeline('new', { version: '1', more: '}' }), /reloaded\.ts:\d+/],
    [
      'fails in its set-up',
      pipeline('new', { version: '1', more: `setup() { throw new Error('no luck'); },` }),
      /no luck/,
    ],
    ['may have another source', pipeline('new'), /`version`/],
  ])('keeps its code if the file %s, and says why', async (_, text, reason) => {
    project.write('reloaded.ts', pipeline('old', { version: '1' }));
    const running = project.start(['run', 'reloaded.ts', '--consumers', '2']);
    const before = await project.statusWhere('reloaded', ({ items, processes }) => {
      return items.done > 100 && processes.every(({ state }) => state === 'ready');
    });
    project.write('reloaded.ts', text);
    const command = await project.run(['reload', 'reloaded']);
    expect(command.code).toBe(78);
    expect(command.stderr).toMatch(reason);
    const after = await project.statusWhere('reloaded', ({ items }) => items.done > before.items.done + 100);
    expect(after.processes.map(({ who }) => who.pid)).toEqual(before.processes.map(({ who }) => who.pid));
    expect(after.reasons.join()).toMatch(reason);
    project.write('enough', '');
    expect((await running.ended).code).toBe(0);
    expect(tagged('new')).toBe(0);
    expectEachOnce();
  });

  const consumerOf = ({ processes }: Status, ordinal: number) => processes.find(({ who }) => who.ordinal === ordinal)!;

  it('and edited without a reload does not write to another table: a process that dies is not replaced until the file is good', async () => {
    const old = pipeline('old', { version: '1' });
    project.write('reloaded.ts', old);
    const running = project.start(['run', 'reloaded.ts', '--consumers', '2']);
    const before = await project.statusWhere('reloaded', ({ items, processes }) => {
      return items.done > 100 && processes.every(({ state }) => state === 'ready');
    });
    project.write('reloaded.ts', old.replace(`table: 'rows'`, `table: 'elsewhere'`));
    process.kill(consumerOf(before, 1).who.pid!, 'SIGKILL');
    const held = await running.logged('child.heldBack');
    expect(held).toMatchObject({ role: 'consumer', ordinal: 1, reason: expect.stringContaining('table elsewhere') });
    // Its sibling continues.
    const meanwhile = await project.statusWhere('reloaded', ({ items }) => items.done > before.items.done + 200);
    expect(meanwhile.reasons.join()).toContain('table elsewhere');
    project.write('reloaded.ts', old);
    await running.logged('file.usable');
    await project.statusWhere('reloaded', (status) => consumerOf(status, 1).state === 'ready');
    project.write('enough', '');
    expect((await running.ended).code).toBe(0);
    expect(project.query('out.db', `SELECT name FROM sqlite_master WHERE name = 'elsewhere'`)).toEqual([]);
    expectEachOnce();
  });

  it('and refused replaces a process that died as soon as the file is good again, without another reload', async () => {
    const old = pipeline('old', { version: '1' });
    project.write('reloaded.ts', old);
    const running = project.start(['run', 'reloaded.ts', '--consumers', '1']);
    const before = await project.statusWhere('reloaded', ({ items }) => items.done > 100);
    project.write('reloaded.ts', pipeline('new', { version: '1', more: '}' }));
    running.kill('SIGHUP');
    await running.logged('reload.refused');
    for (const { who } of before.processes) process.kill(who.pid!, 'SIGKILL');
    await running.logged('child.heldBack', ({ role }) => role === 'consumer');
    await running.logged('child.heldBack', ({ role }) => role === 'producer');
    project.write('reloaded.ts', old);
    // Items that the replacements have read and done.
    const { items } = await project.statusWhere(
      'reloaded',
      (status) => status.items.stored > before.items.stored + 1000,
    );
    await project.statusWhere('reloaded', (status) => status.items.done > items.stored);
    project.write('enough', '');
    expect((await running.ended).code).toBe(0);
    expectEachOnce();
  });
});
