import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Project } from '../support/project.ts';

let project: Project;
beforeEach(() => {
  project = new Project();
});
afterEach(() => project.clean());

const pipeline = (process: string) => `
  import { definePipeline, ndjson } from 'millrace';
  export default definePipeline({
    name: 'prints',
    *source() { for (let id = 1; id <= 5000; id++) yield { id, text: 'x'.repeat(100) }; },
    process(item) { ${process} },
    sink: ndjson(),
  });`;

describe('the ndjson sink', () => {
  it('writes each result as a line of its own to standard output, whoever made it; the log goes elsewhere', async () => {
    project.write('prints.ts', pipeline('console.log("noise"); return item;'));
    const { code, stdout } = await project.run(['run', 'prints.ts', '--consumers', '3']);
    expect(code).toBe(0);
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { id: number });
    expect(lines.map(({ id }) => id).toSorted((a, b) => a - b)).toEqual(Array.from({ length: 5000 }, (_, i) => i + 1));
  });

  it('stops in order when nobody reads any more; what was not written stays in the queue', async () => {
    project.write('prints.ts', pipeline('return item;'));
    const running = project.start(['run', 'prints.ts']);
    running.process.stdout!.once('data', () => running.process.stdout!.destroy());
    expect((await running.ended).code).toBe(75);
    const stopped = running.log.find(({ event }) => event === 'run.stopped');
    expect(Number(stopped?.['open'])).toBeGreaterThan(0);
  });
});

describe('what children print', () => {
  it('is in the log, line by line, with who wrote it', async () => {
    project.write(
      'prints.ts',
      pipeline('if (item.id === 1) { console.log("first\\nsecond"); console.error("third"); }'),
    );
    const running = project.start(['run', 'prints.ts', '--consumers', '1']);
    await running.ended;
    const printed = running.log.filter(({ event }) => event === 'child.output');
    expect(printed).toMatchObject([
      { message: 'first', role: 'consumer', ordinal: 1 },
      { message: 'second', role: 'consumer', ordinal: 1 },
      { message: 'third', role: 'consumer', ordinal: 1 },
    ]);
  });
});
