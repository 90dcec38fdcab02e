import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { Project } from '../support/project.ts';

let project: Project;
beforeEach(() => {
  project = new Project();
});
afterEach(() => project.clean());

// A hundred failures do not make an outage in less than ten seconds; this test takes a little more.
it('a pipeline of which nothing succeeds is paused and says why, and goes on without an attempt used when something does', async () => {
  project.write(
    'outage.ts',
    `import { existsSync } from 'node:fs';
     import { definePipeline, RetryAfter, sqlite } from 'millrace';
     export default definePipeline({
       name: 'outage',
       *source() { for (let id = 1; id <= 30; id++) yield { id }; },
       process(item, { attempt }) {
         // As a DependencyError, but for its longer wait.
         if (!existsSync('the-vendor-is-back')) throw new RetryAfter(500, 'the vendor is out');
         return { ...item, attempt };
       },
       sink: sqlite({ file: 'out.db', table: 'rows' }),
     });`,
  );
  const running = project.start(['run', 'outage.ts', '--consumers', '1', '--attempts', '1']);
  const { pausedBy, reasons, items } = await project.statusWhere('outage', ({ state }) => state === 'paused');
  expect(pausedBy).toMatch(
    /^nothing succeeds any more \(the last error: the vendor is out\); one item at a time is tried/,
  );
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
