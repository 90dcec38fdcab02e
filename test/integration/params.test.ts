import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Project } from '../support/project.ts';

/** Waits after its last item until it is stopped, unless the file `may-end` exists. */
const pipeline = `
  import { existsSync } from 'node:fs';
  import { definePipeline, param, text, to } from 'millrace';
  const shelf = param.string({ describe: 'the shelf to read' });
  export default definePipeline({
    name: 'books',
    params: { shelf, most: param.integer({ default: 2 }), since: param.date({ optional: true }) },
    async *source({ params, signal }) {
      for (let id = 1; id <= params.most; id++) yield { id, shelf: params.shelf };
      if (!existsSync('may-end')) await new Promise((resolve) => signal.addEventListener('abort', resolve));
    },
    setup: ({ params }) => params.shelf,
    process: ({ id, shelf }, { params, resources }) =>
      ({ id, shelf, most: params.most, setUp: resources, since: params.since ?? 'ever' }),
    sink: to.sqlite({ file: text\`\${shelf}.db\`, table: 'books', key: 'id' }),
  });`;

let project: Project;
beforeEach(() => {
  project = new Project();
  project.write('books.ts', pipeline);
});
afterEach(() => project.clean());

const given = (...params: string[]): string[] => ['run', 'books.ts', ...params.flatMap((param) => ['--param', param])];
const books = (file: string): unknown[] => project.query(file, 'SELECT * FROM books ORDER BY id');

/** Leaves a run open whose items are done. */
async function leaveOpen(...params: string[]): Promise<void> {
  const run = project.start(given(...params));
  await project.statusWhere('books', ({ items }) => items.done === 2);
  run.kill('SIGTERM');
  expect(await run.ended).toMatchObject({ code: 0 });
}

describe('params', () => {
  it('reach the source, setup, process and the fields of the sink', async () => {
    project.write('may-end', '');
    expect(await project.run(given('shelf=A', 'since=2024-02-29'))).toMatchObject({ code: 0 });
    expect(books('A.db')).toEqual([1, 2].map((id) => ({ id, shelf: 'A', most: 2, setUp: 'A', since: '2024-02-29' })));
  });

  it('are those of the run when it is resumed without them', async () => {
    await leaveOpen('shelf=A');
    project.write('may-end', '');
    expect(await project.run(given())).toMatchObject({ code: 0 });
    expect(books('A.db')).toHaveLength(2);
  });

  it('of an open run cannot change: other values are refused, with both shown, and nothing changes', async () => {
    await leaveOpen('shelf=A');
    const refused = await project.run(given('shelf=B'), { MILLRACE_PARAM_MOST: '9' });
    expect(refused).toMatchObject({ code: 78 });
    expect(refused.stderr).toContain('shelf was "A" and is now "B" (--param shelf)');
    expect(refused.stderr).toContain('most was 2 and is now 9 (MILLRACE_PARAM_MOST)');
    project.write('may-end', '');
    expect(await project.run(given('shelf=A'))).toMatchObject({ code: 0 });
  });

  it('with --again apply to the new run only: the open run is finished with its own params', async () => {
    await leaveOpen('shelf=A');
    project.write('may-end', '');
    expect(await project.run([...given('shelf=B'), '--again'])).toMatchObject({ code: 0 });
    expect([books('A.db'), books('B.db')]).toEqual([
      [expect.objectContaining({ shelf: 'A' }), expect.objectContaining({ shelf: 'A' })],
      [expect.objectContaining({ shelf: 'B' }), expect.objectContaining({ shelf: 'B' })],
    ]);
    const refused = await project.run(given('shelf=A'));
    expect(refused).toMatchObject({ code: 78, stderr: expect.stringContaining('the last run is finished') });
  });

  it('that are missing, unknown or wrong are refused, all at once', async () => {
    const missing = await project.run(given());
    expect(missing).toMatchObject({ code: 78 });
    expect(missing.stderr).toContain('param shelf has no value: expected text (the shelf to read)');
    const wrong = await project.run(given('shelff=A', 'most=many'));
    expect(wrong).toMatchObject({ code: 64 });
    expect(wrong.stderr).toContain('--param shelff: the pipeline has no such param; did you mean shelf?');
    expect(wrong.stderr).toContain('--param most: expected a whole number, got "many"');
  });

  it('are listed by check, and work in a dry run', async () => {
    project.write('may-end', '');
    project.write('m.yaml', 'params:\n  most: 1\n');
    const check = await project.run(['check', 'books.ts', '--config', 'm.yaml', '--param', 'shelf=A']);
    expect(check.stdout).toMatch(/param +shelf: text, "A" \(--param shelf\): the shelf to read/);
    expect(check.stdout).toMatch(/param +most: a whole number, 1 \(.*m\.yaml:2: params\.most\)/);
    expect(check.stdout).toMatch(/param +since: a date such as 2026-12-31, not set/);
    expect(check.stdout).toMatch(/sink +sqlite \{shelf\}\.db, table books/);
    const dry = await project.run([...given('shelf=A'), '--config', 'm.yaml', '--dry-run', '9']);
    expect(dry).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\{"id":1,"shelf":"A","most":1,.*\}\n$/) });
  });
});
