import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Project } from '../support/project.ts';

let project: Project;
beforeEach(() => {
  project = new Project();
  project.write('news.ts', pipeline);
});
afterEach(() => project.clean());

/** Yields what is new since the last finished run: the numbers up to the one in the file `newest`. */
const pipeline = `
  import { definePipeline, param, to } from 'millrace';
  import { readFileSync } from 'node:fs';
  export default definePipeline({
    name: 'news',
    params: { shelf: param.string({ default: 'A' }) },
    *source({ cursor, previous = 0, checkpoint, params }) {
      const newest = Number(readFileSync('newest', 'utf8'));
      for (let id = (cursor ?? previous) + 1; id <= newest; id++) {
        yield { shelf: params.shelf, id };
        checkpoint(id);
      }
    },
    sink: to.sqlite({ file: 'out.db', table: 'rows' }),
  });`;

const rows = (): unknown[] => project.query('out.db', 'SELECT shelf, id FROM rows ORDER BY shelf, id');

describe('context.previous', () => {
  it('lets a run begin where the last finished run with the same params ended', async () => {
    project.write('newest', '2');
    expect((await project.run(['run', 'news.ts'])).code).toBe(0);
    project.write('newest', '3');
    expect((await project.run(['run', 'news.ts', '--again'])).code).toBe(0);
    expect((await project.run(['run', 'news.ts', '--again', '--param', 'shelf=B'])).code).toBe(0);
    project.write('newest', '4');
    expect((await project.run(['run', 'news.ts', '--fresh', '--yes'])).code).toBe(0);
    const ids = (shelf: string, upTo: number): unknown[] =>
      Array.from({ length: upTo }, (_, i) => ({ shelf, id: i + 1 }));
    expect(rows()).toEqual([...ids('A', 4), ...ids('B', 3)]);
  });
});
