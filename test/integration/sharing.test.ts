import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Project } from '../support/project.ts';

let project: Project;
beforeEach(() => {
  project = new Project();
});
afterEach(() => project.clean());

describe('items that block the event loop', () => {
  it.each([16, 24])('are shared out evenly even if one consumer is ready first (%i slots)', async (slots) => {
    project.write(
      'sharing.ts',
      `import { definePipeline, to } from 'millrace';
       export default definePipeline({
         name: 'sharing',
         *source() { for (let id = 1; id <= 24; id++) yield { id }; },
         process({ id }) {
           for (const until = performance.now() + 300; performance.now() < until;);
           return { id, pid: process.pid };
         },
         sink: to.sqlite({ file: 'out.db', table: 'rows' }),
       });`,
    );
    const args = ['run', 'sharing.ts', '--consumers', '2', '--concurrency', `${slots}`];
    expect((await project.run(args)).code).toBe(0);
    project.expectEachOnce(24);
    const shares = project.query<{ n: number }>('out.db', 'SELECT count(*) AS n FROM rows GROUP BY pid ORDER BY n');
    expect(shares).toHaveLength(2);
    // The consumer that is ready later begins later.
    expect(shares[0]!.n).toBeGreaterThanOrEqual(10);
  });
});
