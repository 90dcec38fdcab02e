import { readdirSync, readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Project } from '../support/project.ts';

let project: Project;
beforeEach(() => {
  project = new Project();
});
afterEach(() => project.clean());

/** How often each id is in the table. */
const copies = (file: string): unknown[] =>
  project.query(
    file,
    'SELECT count(*) AS rows, count(DISTINCT id) AS ids, min(id) AS first, max(id) AS last FROM rows',
  );

describe('a pipeline that writes to two databases', () => {
  const pipeline = `
    import { existsSync, readFileSync } from 'node:fs';
    import { definePipeline, to } from 'millrace';
    export default definePipeline({
      name: 'two',
      async *source() {
        for (let id = 1; !existsSync('enough') || id <= Number(readFileSync('enough')); id++) {
          if (id % 20 === 0) await new Promise((go) => setTimeout(go, 5));
          yield { id };
        }
      },
      process: ({ id }) => ({ id }),
      sink: to.all(to.sqlite({ file: 'a.db', table: 'rows' }), to.sqlite({ file: 'b.db', table: 'rows' })),
      options: { crashLimit: 1000 },
    });`;

  it('has each row once in both, however often its consumers and its supervisor are killed', async () => {
    project.write('two.ts', pipeline);
    let running = project.start(['run', 'two.ts', '--consumers', '3']);
    let done = 0;
    for (let killed = 0; killed < 12; killed++) {
      const { items, processes } = await project.statusWhere(
        'two',
        (status) => status.items.done > done && status.processes.some(({ who, lent }) => who.ordinal > 0 && lent > 1),
      );
      done = items.done;
      if (killed % 4 === 3) {
        running.kill('SIGKILL');
        await running.ended;
        running = project.start(['run', 'two.ts', '--consumers', '3']);
      } else {
        const victim = processes.find(({ who, lent }) => who.ordinal > 0 && lent > 1)!.who.pid!;
        process.kill(victim, 'SIGKILL');
        await running.logged('child.exited', ({ pid }) => pid === victim);
      }
    }
    // More than any producer has read.
    project.write(
      'enough',
      `${(await project.statusWhere('two', ({ state }) => state === 'running')).items.stored + 5000}`,
    );
    expect((await running.ended).code).toBe(0);
    const { items } = (await running.logged('run.finished')) as { items?: number };
    const once = [{ rows: items, ids: items, first: 1, last: items }];
    expect([copies('a.db'), copies('b.db')]).toEqual([once, once]);
  }, 120_000);

  it('names the sink that has an item in its dead letter, and a retry writes only to the other one', async () => {
    project.write(
      'dead.ts',
      `import { existsSync } from 'node:fs';
       import { definePipeline, to } from 'millrace';
       // Only called, and so told after the database: it refuses one item.
       const called = {
         ...to.discard(),
         kind: 'called',
         open: async () => ({
           capture: (row, captured) => captured.push(row),
           commit: async ({ seqs, captured }) =>
             existsSync('mended') ? {} : { refused: new Map(seqs.filter((_, i) => captured[i].id === 2).map((seq) => [seq, new Error('422')])) },
           fence: async () => 0, ask: async () => [], prune: async () => {}, close: async () => {},
         }),
       };
       export default definePipeline({
         name: 'dead',
         source: [{ id: 1 }, { id: 2 }, { id: 3 }],
         process: ({ id }) => ({ id }),
         sink: to.all(called, to.sqlite({ file: 'a.db', table: 'rows' })),
       });`,
    );
    const first = await project.run(['run', 'dead.ts']);
    expect(first.code).toBe(3);
    const shown = await project.run(['dead', 'show', 'dead', '2']);
    expect(`${shown.stdout}${shown.stderr}`).toContain('sqlite:rows (a retry skips them)');
    project.write('mended', '');
    await project.run(['dead', 'retry', 'dead', '2']);
    expect((await project.run(['run', 'dead.ts'])).code).toBe(0);
    expect(project.query('a.db', 'SELECT id FROM rows ORDER BY id')).toEqual([{ id: 1 }, { id: 2 }, { id: 3 }]);
  }, 60_000);
});

describe('a sink of parts', () => {
  const pipeline = `
    import { closeSync, existsSync, fdatasyncSync, ftruncateSync, openSync, readFileSync, renameSync, writeFileSync, writeSync } from 'node:fs';
    import { definePipeline } from 'millrace';
    const lines = {
      [Symbol.for('millrace.sink')]: true,
      kind: 'lines',
      delivery: 'part',
      target: 'lines.txt',
      open: async ({ writer, part = 0 }) => {
        const file = openSync('lines.' + writer + '.part', 'a');
        ftruncateSync(file, part);
        let length = part;
        return {
          capture: (row, captured) => captured.push(row + '\\n'),
          commit: async ({ captured }) => {
            length += writeSync(file, captured.join(''));
            fdatasyncSync(file);
            return { part: length };
          },
          fence: async () => 0, ask: async () => [], prune: async () => {},
          close: async () => closeSync(file),
        };
      },
      finish: async ({ parts }) => {
        // The first two processes die half-way.
        const attempt = ['first', 'second'].find((name) => !existsSync(name));
        if (attempt) {
          writeFileSync('lines.tmp', 'half of it');
          writeFileSync(attempt, '');
          process.kill(process.pid, 'SIGKILL');
        }
        writeFileSync('lines.tmp', parts.map(({ writer, part }) => readFileSync('lines.' + writer + '.part').subarray(0, part)).join(''));
        renameSync('lines.tmp', 'lines.txt');
      },
    };
    export default definePipeline({
      name: 'parts',
      async *source() {
        for (let id = 1; !existsSync('enough') || id <= Number(readFileSync('enough')); id++) {
          if (id % 20 === 0) await new Promise((go) => setTimeout(go, 5));
          yield id;
        }
      },
      process: (id) => id,
      sink: lines,
      options: { crashLimit: 1000 },
    });`;

  it('has each line once in the file that is made at the end, however often processes are killed', async () => {
    project.write('parts.ts', pipeline);
    let running = project.start(['run', 'parts.ts', '--consumers', '3']);
    let done = 0;
    for (let killed = 0; killed < 8; killed++) {
      const { items, processes } = await project.statusWhere(
        'parts',
        (status) => status.items.done > done && status.processes.some(({ who, lent }) => who.ordinal > 0 && lent > 1),
      );
      done = items.done;
      if (killed % 4 === 3) {
        running.kill('SIGKILL');
        await running.ended;
        running = project.start(['run', 'parts.ts', '--consumers', '3']);
      } else {
        const victim = processes.find(({ who, lent }) => who.ordinal > 0 && lent > 1)!.who.pid!;
        process.kill(victim, 'SIGKILL');
        await running.logged('child.exited', ({ pid }) => pid === victim);
      }
    }
    // More than any producer has read.
    project.write(
      'enough',
      `${(await project.statusWhere('parts', ({ state }) => state === 'running')).items.stored + 5000}`,
    );
    expect((await running.ended).code).toBe(0);
    const { items } = (await running.logged('run.finished')) as { items?: number };
    const ids = readFileSync(project.path('lines.txt'), 'utf8').trim().split('\n').map(Number);
    expect(ids.toSorted((a, b) => a - b)).toEqual(Array.from({ length: items! }, (_, i) => i + 1));
    // More than the ids in it: what was not settled was cut off.
    expect(readdirSync(project.path('.')).filter((name) => name.endsWith('.part')).length).toBeGreaterThan(3);
  }, 120_000);
});
