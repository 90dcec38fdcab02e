import { closeSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { killWhileItWorks, pidOf } from '../support/kill-while-it-works.ts';
import { Project } from '../support/project.ts';

let project: Project;
beforeEach(() => {
  project = new Project();
});
afterEach(() => project.clean());

const header = 'id,name,note\n';
/** Rows of some 60 bytes; some notes have two lines. */
const rows = (count: number, first = 1): string =>
  Array.from({ length: count }, (_, i) => {
    const id = first + i;
    return `${id},"name of ${id}","a note, ${id % 7 === 0 ? 'of two\nlines' : 'of one line, quite long'}"\n`;
  }).join('');

/**
 * Into a table that shows every double write. With `waitFor`, rows after the first 2,000 wait until a file of that name
 * exists. The queue and the window are so small that the producer cannot have read all of `waitingRows` by then.
 */
const pipeline = (options: { source: string; waitFor?: string; every?: number }): string => `
  import { existsSync } from 'node:fs';
  import { definePipeline, from, to } from 'millrace';
  export default definePipeline({
    name: 'rows',
    source: ${options.source},
    async process(row) {
      while (${options.waitFor ? `row.id > 2000 && !existsSync('${options.waitFor}')` : 'false'}) {
        await new Promise((go) => setTimeout(go, 20));
      }
      if (row.id % ${options.every ?? 1e9} === 0) await new Promise((go) => setTimeout(go, 5));
      return row;
    },
    sink: to.sqlite({ file: 'out.db', table: 'rows' }),
    options: { queueHighItems: 3000, producerWindow: '64KiB', frameBytes: '64KiB', crashLimit: 1000 },
  });`;

const waitingRows = 60_000;

const csvSource = `from.csv({ path: 'a.csv', types: { id: 'integer' } })`;

describe('a CSV file into SQLite', () => {
  it('has each row once, even if producer, consumers and supervisor are killed repeatedly', async () => {
    const count = 100_000;
    project.write('a.csv', header + rows(count));
    project.write('rows.ts', pipeline({ source: csvSource, every: 30 }));
    let done = 0;
    for (let round = 0; round < 3; round++) {
      const running = project.start(['run', 'rows.ts', '--consumers', '2']);
      done = await killWhileItWorks(project, running, 'producer', done);
      done = await killWhileItWorks(project, running, 'consumer', done);
      done = await killWhileItWorks(project, running, 'producer', done);
      await project.statusWhere('rows', ({ items }) => items.done > done);
      running.kill('SIGKILL');
      await running.ended;
      await project.quiet();
    }
    const { code } = await project.run(['run', 'rows.ts', '--consumers', '2']);
    expect(code).toBe(0);
    project.expectEachOnce(count);
    expect(project.query('out.db', `SELECT name, note FROM rows WHERE id = 7`)).toEqual([
      { name: 'name of 7', note: 'a note, of two\nlines' },
    ]);
  });

  it('has the good rows of a file with malformed rows; those are dead letters with file, line, byte and text', async () => {
    const bad = ['3,"a" b,c\n', '4,d\n', 'five,e,f\n'];
    project.write('a.csv', `${header}1,"two\nlines",x\n2,b,\n${bad.join('')}6,last,""\n`);
    project.write('rows.ts', pipeline({ source: csvSource }));
    expect((await project.run(['run', 'rows.ts'])).code).toBe(3);
    expect(project.query('out.db', 'SELECT id, name, note FROM rows ORDER BY id')).toEqual([
      { id: 1, name: 'two\nlines', note: 'x' },
      { id: 2, name: 'b', note: null },
      { id: 6, name: 'last', note: '' },
    ]);
    const { stdout } = await project.run(['dead', 'ls', 'rows']);
    const at = `${header}1,"two\nlines",x\n2,b,\n`.length;
    expect(stdout).toContain(`a.csv, line 5, byte ${at}\n    3,"a" b,c`);
    expect(stdout).toContain(`a.csv, line 6, byte ${at + bad[0]!.length}\n    4,d`);
    expect(stdout).toContain(`a.csv, line 7, byte ${at + bad[0]!.length + bad[1]!.length}\n    five,e,f`);
    expect(stdout).toContain('expected 3 fields, as in the header; got 2 fields');
    expect(stdout).toContain('column "id": expected a whole number; got "five"');
  });

  it('ends the run at a malformed row on request, at each start, until the row may become a dead letter', async () => {
    project.write('a.csv', `${header}1,a,b\n2,c\n3,d,e\n`);
    const failing = csvSource.replace('types:', `onBadRow: 'fail', types:`);
    project.write('rows.ts', pipeline({ source: failing }));
    for (let start = 0; start < 2; start++) {
      const { code, stderr } = await project.run(['run', 'rows.ts']);
      expect(code).toBe(78);
      expect(stderr).toContain('a.csv, line 3, byte 19: expected 3 fields, as in the header; got 2 fields');
    }
    project.write('rows.ts', pipeline({ source: csvSource }));
    expect((await project.run(['run', 'rows.ts'])).code).toBe(3);
    expect(project.query('out.db', 'SELECT id FROM rows ORDER BY id')).toEqual([{ id: 1 }, { id: 3 }]);
  });

  it('is not read again after a restart: later changes to rows that were already read have no effect', async () => {
    const count = waitingRows;
    const content = header + rows(count);
    project.write('a.csv', content);
    project.write('rows.ts', pipeline({ source: csvSource, waitFor: 'go' }));
    const running = project.start(['run', 'rows.ts']);
    const changed = 2500;
    // A chunk of 1,024 records that was stored in part is read again from its beginning.
    await project.statusWhere('rows', ({ items }) => items.stored >= changed + 1024);
    running.kill('SIGKILL');
    await running.ended;
    await project.quiet();
    const end = (header + rows(changed)).length;
    project.write('a.csv', content.slice(0, 4096) + 'x'.repeat(end - 4096) + content.slice(end));
    project.write('go', '');
    expect((await project.run(['run', 'rows.ts'])).code).toBe(0);
    project.expectEachOnce(count);
  });

  it('is refused, with the reason, after a restart if it is a different file', async () => {
    project.write('a.csv', header + rows(waitingRows));
    project.write('rows.ts', pipeline({ source: csvSource, waitFor: 'go' }));
    const running = project.start(['run', 'rows.ts']);
    await project.statusWhere('rows', ({ items }) => items.stored >= 3000);
    running.kill('SIGKILL');
    await running.ended;
    await project.quiet();
    project.write('a.csv', header + rows(waitingRows, 2));
    project.write('go', '');
    const { code, stderr } = await project.run(['run', 'rows.ts']);
    expect(code).toBe(78);
    expect(stderr).toContain('a.csv: this is not the file that this run has read: its beginning has changed');
  });

  it('may be compressed, and is read from its start after a restart', async () => {
    const count = waitingRows;
    writeFileSync(project.path('a.csv.gz'), gzipSync(header + rows(count)));
    project.write('rows.ts', pipeline({ source: csvSource.replace('a.csv', 'a.csv.gz'), waitFor: 'go' }));
    const running = project.start(['run', 'rows.ts']);
    await project.statusWhere('rows', ({ items }) => items.stored >= 3000);
    running.kill('SIGKILL');
    await running.ended;
    await project.quiet();
    project.write('go', '');
    const { code, stderr } = await project.run(['run', 'rows.ts']);
    expect(code).toBe(0);
    expect(stderr).toContain('a.csv.gz is compressed: reading it from its start');
    project.expectEachOnce(count);
  });
});

describe('records on stdin', () => {
  const stdinSource = csvSource.replace(`path: 'a.csv'`, 'stdin: true');
  const withStdin = (file: string): string[] => ['sh', '-c', `exec "$@" < ${file}`, 'sh'];

  it('are resumed where they stopped if stdin is a file', async () => {
    const count = waitingRows;
    project.write('a.csv', header + rows(count));
    project.write('rows.ts', pipeline({ source: stdinSource, waitFor: 'go' }));
    const running = project.start(['run', 'rows.ts'], {}, withStdin('a.csv'));
    await project.statusWhere('rows', ({ items }) => items.stored >= 3000);
    running.kill('SIGKILL');
    await running.ended;
    await project.quiet();
    project.write('go', '');
    expect((await project.run(['run', 'rows.ts'], {}, withStdin('a.csv'))).code).toBe(0);
    project.expectEachOnce(count);
  });

  it('are read from a pipe until it ends', async () => {
    project.write('a.csv', header + rows(5000));
    project.write('rows.ts', pipeline({ source: stdinSource }));
    const { code } = await project.run(['run', 'rows.ts'], {}, ['sh', '-c', 'cat a.csv | "$@"', 'sh']);
    expect(code).toBe(0);
    project.expectEachOnce(5000);
  });

  it('end the run with an error if the process that reads the pipe dies, because the data that it had read is lost', async () => {
    execFileSync('mkfifo', [project.path('fifo')]);
    project.write('rows.ts', pipeline({ source: stdinSource }));
    const running = project.start(['run', 'rows.ts'], {}, withStdin('fifo'));
    const pipe = openSync(project.path('fifo'), 'w');
    try {
      writeSync(pipe, header + rows(100));
      const status = await project.statusWhere('rows', ({ items }) => items.done === 100);
      process.kill(pidOf(status, 'producer')!, 'SIGKILL');
      const { code, stderr } = await running.ended;
      expect(code).toBe(78);
      expect(stderr).toContain('stdin is a pipe, and the process that read it has ended');
    } finally {
      closeSync(pipe);
    }
    project.expectEachOnce(100);
  });
});

describe('NDJSON into SQLite', () => {
  it('has the good lines, with all digits; a line that is not JSON is a dead letter', async () => {
    project.write('a.ndjson', '\uFEFF{"id":1,"big":9007199254740993}\n\n{"id":2,\n{"id":3,"big":null}');
    project.write(
      'rows.ts',
      pipeline({ source: `from.ndjson<{ id: number; big: string | null }>({ path: 'a.ndjson' })` }),
    );
    expect((await project.run(['run', 'rows.ts'])).code).toBe(3);
    expect(project.query('out.db', 'SELECT id, big FROM rows ORDER BY id')).toEqual([
      { id: 1, big: '9007199254740993' },
      { id: 3, big: null },
    ]);
    const { stdout } = await project.run(['dead', 'ls', 'rows']);
    expect(stdout).toContain('expected JSON; at character 9: expected a key in double quotes, got the end of the line');
    expect(stdout).toContain('a.ndjson, line 3, byte 36');
  });

  it('has each line once, even if producer and consumer are killed', async () => {
    const count = 20_000;
    project.write(
      'a.ndjson',
      Array.from({ length: count }, (_, i) => `{"id":${i + 1},"pad":"${'x'.repeat(400)}"}\n`).join(''),
    );
    project.write(
      'rows.ts',
      pipeline({ source: `from.ndjson<{ id: number; pad: string }>({ path: 'a.ndjson' })`, every: 10 }),
    );
    const running = project.start(['run', 'rows.ts']);
    const done = await killWhileItWorks(project, running, 'producer', 0);
    await killWhileItWorks(project, running, 'consumer', done);
    expect((await running.ended).code).toBe(0);
    project.expectEachOnce(count);
  });
});
