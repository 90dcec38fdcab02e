import { cpSync, renameSync, rmSync } from 'node:fs';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { Project } from '../support/project.ts';

let project: Project;
beforeEach(() => {
  project = new Project();
});
afterEach(() => project.clean());

const pipeline = `
  import { definePipeline, to } from 'millrace';
  export default definePipeline({
    name: 'restored',
    async *source() {
      for (let id = 1; id <= 100_000; id++) {
        if (id % 50 === 0) await new Promise((go) => setTimeout(go, 20));
        yield { id };
      }
    },
    sink: to.sqlite({ file: 'out.db', table: 'rows' }),
  });`;

/** Runs it until \`items\` more are done, and stops it cleanly. */
async function runFor(items: number): Promise<void> {
  const running = project.start(['run', 'restored.ts', '--consumers', '1']);
  await project.statusWhere('restored', (status) => status.items.done - status.items.doneBefore >= items);
  running.kill('SIGTERM');
  expect((await running.ended).code).toBe(0);
}

it('a queue that was restored from a copy is refused by the sink, which knows a later state, and no row is there twice', async () => {
  project.write('restored.ts', pipeline);
  const queue = project.path('.millrace/restored/queue.db');
  await runFor(100);
  cpSync(queue, project.path('copy.db'));
  await runFor(100);
  cpSync(project.path('copy.db'), queue);
  for (let attempt = 1; attempt <= 2; attempt++) {
    const { code, stderr } = await project.run(['run', 'restored.ts', '--consumers', '1']);
    expect(code).toBe(78);
    expect(stderr).toContain("this queue is older than the sink's record of it");
    expect(stderr).toContain('start over with --fresh');
  }
  const [{ rows, ids }] = project.query('out.db', 'SELECT count(*) AS rows, count(DISTINCT id) AS ids FROM rows') as [
    { rows: number; ids: number },
  ];
  expect(rows).toBe(ids);
});

it('a snapshot of a queue that was in use is refused by the sink, no row is there twice, and the newest queue can continue', async () => {
  const items = 300_000;
  project.write(
    'snapshot.ts',
    `import { definePipeline, to } from 'millrace';
    export default definePipeline({
      name: 'snapshot',
      async *source() {
        for (let id = 1; id <= ${items}; id++) {
          if (id % 1000 === 0) await new Promise((go) => setTimeout(go, 20));
          yield { id };
        }
      },
      sink: to.sqlite({ file: 'out.db', table: 'rows' }),
    });`,
  );
  const [state, copy, newest] = ['.millrace/snapshot', 'copy', 'newest'].map((name) => project.path(name)) as [
    string,
    string,
    string,
  ];
  const running = project.start(['run', 'snapshot.ts']);
  await project.statusWhere('snapshot', ({ items: { done } }) => done >= 5000);
  running.kill('SIGSTOP');
  // Sockets cannot be copied.
  cpSync(state, copy, { recursive: true, filter: (name) => !name.endsWith('.sock') });
  running.kill('SIGCONT');
  // The ledger is swept after 20,000 items.
  await project.statusWhere('snapshot', ({ items: { done } }) => done >= 60_000);
  running.kill('SIGKILL');
  await running.ended;
  renameSync(state, newest);
  renameSync(copy, state);

  const refused = await project.run(['run', 'snapshot.ts']);
  expect(refused.stderr).toContain('this queue is an older copy of the one that wrote to the sink');
  expect(refused.code).toBe(78);
  rmSync(state, { recursive: true });
  renameSync(newest, state);
  expect((await project.run(['run', 'snapshot.ts'])).code).toBe(0);
  project.expectEachOnce(items);
});
