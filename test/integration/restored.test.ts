import { cpSync } from 'node:fs';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { Project } from '../support/project.ts';

let project: Project;
beforeEach(() => {
  project = new Project();
});
afterEach(() => project.clean());

const pipeline = `
  import { definePipeline, sqlite } from 'millrace';
  export default definePipeline({
    name: 'restored',
    async *source() {
      for (let id = 1; id <= 100_000; id++) {
        if (id % 50 === 0) await new Promise((go) => setTimeout(go, 20));
        yield { id };
      }
    },
    sink: sqlite({ file: 'out.db', table: 'rows' }),
  });`;

/** Runs it until \`items\` more are done, and stops it in order. */
async function runFor(items: number): Promise<void> {
  const running = project.start(['run', 'restored.ts', '--consumers', '1']);
  await project.statusWhere('restored', (status) => status.items.done - status.items.doneBefore >= items);
  running.kill('SIGTERM');
  expect((await running.ended).code).toBe(0);
}

it('a queue that was restored from a copy is refused by the sink that has seen more, and nothing is in there twice', async () => {
  project.write('restored.ts', pipeline);
  const queue = project.path('.millrace/restored/queue.db');
  await runFor(100);
  cpSync(queue, project.path('copy.db'));
  await runFor(100);
  cpSync(project.path('copy.db'), queue);
  for (let attempt = 1; attempt <= 2; attempt++) {
    const { code, stderr } = await project.run(['run', 'restored.ts', '--consumers', '1']);
    expect(code).toBe(78);
    expect(stderr).toContain('this queue is older than what the sink has seen');
    expect(stderr).toContain('begin with --fresh');
  }
  const [{ rows, ids }] = project.query('out.db', 'SELECT count(*) AS rows, count(DISTINCT id) AS ids FROM rows') as [
    { rows: number; ids: number },
  ];
  expect(rows).toBe(ids);
});
