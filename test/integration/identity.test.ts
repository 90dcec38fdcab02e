import { existsSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Project } from '../support/project.ts';

let project: Project;
beforeEach(() => {
  project = new Project();
});
afterEach(() => project.clean());

/** Its items wait until a file `go` exists. */
const pipeline = (name: string, more = '') => `
  import { definePipeline, to } from 'millrace';
  import { existsSync } from 'node:fs';
  export default definePipeline({
    name: '${name}',
    *source() { for (let id = 1; id <= 20; id++) yield { id }; },
    async process({ id }, { signal }) {
      while (!existsSync('go') && id > 5 && !signal.aborted) await new Promise((go) => setTimeout(go, 5));
      if (signal.aborted) throw signal.reason;
      return { id, name: '${name}' };
    },
    ${more}
    sink: to.sqlite({ file: '${name}.db', table: 'rows' }),
  });`;

/** Leaves an open run, some of whose items are done. */
async function leaveOpen(file: string, name: string, env: Record<string, string>): Promise<void> {
  const running = project.start(['run', file, '--stop-timeout', '0s'], env);
  await running.logged('run.sealed');
  await project.until(async () => {
    const { stdout } = await project.run(['status', name, '--json'], env);
    return (JSON.parse(stdout) as { items: { done: number } }).items.done === 5 || undefined;
  });
  running.kill('SIGTERM');
  await running.ended;
}

describe('two pipelines', () => {
  it('with the same state directory do not process each other’s items: the second is refused, the first continues', async () => {
    project.write('aaa.ts', pipeline('aaa'));
    project.write('bbb.ts', pipeline('bbb'));
    const env = { MILLRACE_STATE: project.path('state') };
    await leaveOpen('aaa.ts', 'aaa', env);
    project.write('go', '');
    const refused = await project.run(['run', 'bbb.ts'], env);
    expect(refused).toMatchObject({
      code: 78,
      stderr: expect.stringMatching(/belongs to the pipeline aaa, and this is the pipeline bbb.*--state-root/),
    });
    expect(existsSync(project.path('bbb.db'))).toBe(false);
    expect((await project.run(['run', 'aaa.ts'], env)).code).toBe(0);
    project.expectEachOnce(20, { file: 'aaa.db' });
    // A finished run does not belong to the other pipeline either.
    expect((await project.run(['run', 'bbb.ts'], env)).code).toBe(78);
  });

  it('with the same root run at the same time, each in its own directory', async () => {
    const env = { MILLRACE_STATE_ROOT: project.path('root') };
    const names = ['aaa', 'bbb'];
    for (const name of names) project.write(`${name}.ts`, pipeline(name));
    const running = names.map((name) => project.start(['run', `${name}.ts`], env));
    for (const each of running) await each.logged('run.sealed');
    const asked = await project.run(['status', 'bbb', '--json'], env);
    expect(JSON.parse(asked.stdout)).toMatchObject({ name: 'bbb', stateDirectory: project.path('root/bbb') });
    project.write('go', '');
    for (const each of running) expect((await each.ended).code).toBe(0);
    for (const name of names) project.expectEachOnce(20, { file: `${name}.db` });
  });
});

describe('a file that changed while its source is still read', () => {
  it('is refused with advice that works: when it is declared unchanged, the source resumes by count, each item once', async () => {
    const waiting = (comment: string): string =>
      pipeline('aaa', comment).replace(
        /\*source.*/,
        `async *source() {
          for (let id = 1; id <= 40; id++) {
            while (id > 20 && !existsSync('go')) await new Promise((go) => setTimeout(go, 5));
            yield { id };
          }
        },`,
      );
    project.write('aaa.ts', waiting(''));
    const running = project.start(['run', 'aaa.ts', '--stop-timeout', '0s']);
    await project.statusWhere('aaa', ({ items }) => items.stored === 20 && items.done === 5);
    running.kill('SIGTERM');
    await running.ended;
    project.write('aaa.ts', waiting('// A comment.'));
    project.write('go', '');
    expect(await project.run(['run', 'aaa.ts'])).toMatchObject({
      code: 78,
      stderr: expect.stringContaining('start once with --same-source'),
    });
    const declared = project.start(['run', 'aaa.ts', '--same-source']);
    expect((await declared.ended).code).toBe(0);
    expect(declared.log.map(({ message }) => message)).toContainEqual(
      expect.stringContaining('declared to be the same'),
    );
    project.expectEachOnce(40, { file: 'aaa.db' });
  });
});
