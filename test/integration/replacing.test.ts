import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Project } from '../support/project.ts';

let project: Project;
beforeEach(() => {
  project = new Project();
});
afterEach(() => project.clean());

describe('a consumer that is recycled', () => {
  it('is replaced while items flow: nothing is lost, nothing comes twice, and nobody dies', async () => {
    project.write(
      'recycled.ts',
      `import { existsSync } from 'node:fs';
       import { definePipeline, sqlite } from 'millrace';
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
         sink: sqlite({ file: 'out.db', table: 'rows' }),
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
