import { cpSync, readdirSync, rmSync } from 'node:fs';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { Project } from '../support/project.ts';

let project: Project;
beforeEach(() => {
  project = new Project();
});
afterEach(() => project.clean());

/** Items are stored faster than they are done: the queue is never empty. */
const pipeline = `
  import { definePipeline, to } from 'millrace';
  export default definePipeline({
    name: 'stored',
    *source() {
      for (let id = 1; id <= 1_000_000; id++) yield { id, text: 'x'.repeat(200) };
    },
    async process(item) {
      await new Promise((go) => setTimeout(go, 5));
      return item;
    },
    sink: to.discard(),
    options: { queueHighItems: 20_000 },
  });`;

it('the queue of a running pipeline can be checked and copied while it continues, and that of a stopped pipeline compacted', async () => {
  project.write('stored.ts', pipeline);
  const directory = project.path('.millrace/stored');
  const running = project.start(['run', 'stored.ts', '--consumers', '1']);
  await project.statusWhere('stored', ({ queue, items }) => queue.throttled && items.done > 0);

  const verified = await project.run(['store', 'verify']);
  expect(verified).toMatchObject({ code: 0, stderr: '' });
  expect(verified.stdout).toMatch(
    /queue\.db\n {4}[\d,]+ items waiting, 0 retries, 0 dead letters; run .*, running; schema \d+\n *no problems found/,
  );
  expect(readdirSync(directory)).not.toContain('queue.verify.db');
  const backedUp = await project.run(['store', 'backup', 'copy.db', '--json']);
  expect(backedUp.code).toBe(0);
  const { items } = JSON.parse(backedUp.stdout) as { items: { waiting: number } };
  expect(items.waiting).toBeGreaterThan(5000);
  const again = await project.run(['store', 'backup', 'copy.db']);
  expect(again).toMatchObject({ code: 64, stderr: expect.stringContaining('copy.db already exists') });
  const compacted = await project.run(['store', 'compact', 'stored']);
  expect(compacted).toMatchObject({ code: 78, stderr: expect.stringContaining('cannot be compacted now') });
  expect(compacted.stderr).toContain(`(process ${running.pid})`);
  const { done } = (await project.status('stored')).items;
  await project.statusWhere('stored', (status) => status.items.done > done);

  running.kill('SIGTERM');
  expect((await running.ended).code).toBe(0);
  const quiet = await project.run(['store', 'verify', '--json']);
  expect(quiet.code).toBe(0);
  expect(JSON.parse(quiet.stdout)).toMatchObject({ run: { state: 'running' }, problems: [] });
  expect((await project.run(['store', 'compact'])).stdout).toMatch(/queue\.db: [\d,]+ bytes before, [\d,]+ after\n$/);
  expect(readdirSync(directory).toSorted()).toEqual(['queue.db', 'reserve']);

  // The copy is a queue as well: it resumes where it was.
  rmSync(project.path('.millrace/stored/queue.db'));
  cpSync(project.path('copy.db'), project.path('.millrace/stored/queue.db'));
  const restored = project.start(['run', 'stored.ts', '--consumers', '1']);
  const started = await restored.logged('run.started');
  expect(started['open']).toBe(items.waiting);
  restored.kill('SIGTERM');
  expect((await restored.ended).code).toBe(0);
});
