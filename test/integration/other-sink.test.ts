import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { Project } from '../support/project.ts';

let project: Project;
beforeEach(() => {
  project = new Project();
});
afterEach(() => project.clean());

const items = 200;

/** Its items from 101 on wait until a file `go` exists. */
const pipeline = (sink: string): string => `
  import { existsSync } from 'node:fs';
  import { definePipeline, to } from 'millrace';
  export default definePipeline({
    name: 'moving',
    version: '1',
    *source() { for (let id = 1; id <= ${items}; id++) yield { id }; },
    async process({ id }, { signal }) {
      while (id > 100 && !existsSync('go') && !signal.aborted) await new Promise((go) => setTimeout(go, 5));
      signal.throwIfAborted();
      return { id };
    },
    sink: to.sqlite({ file: '${sink}', table: 'rows' }),
  });`;

it('an open run continues in another database with --moved, and later starts know that database', async () => {
  project.write('moving.ts', pipeline('old.db'));
  const first = project.start(['run', 'moving.ts', '--stop-timeout', '0s']);
  await project.statusWhere('moving', ({ items: { done } }) => done === 100);
  first.kill('SIGTERM');
  await first.ended;
  project.write('moving.ts', pipeline('new.db'));
  expect((await project.run(['run', 'moving.ts'])).code).toBe(78);
  project.write('go', '');
  expect((await project.run(['run', 'moving.ts', '--moved'])).code).toBe(0);
  const count = (file: string): unknown => project.query(file, 'SELECT count(*) AS n, min(id) AS first FROM rows');
  expect([count('old.db'), count('new.db')]).toEqual([[{ n: 100, first: 1 }], [{ n: 100, first: 101 }]]);
});
