import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import Database from 'better-sqlite3';
import { killWhileItWorks } from '../support/kill-while-it-works.ts';
import { Project } from '../support/project.ts';

let project: Project;
let db: Database.Database;
beforeEach(() => {
  project = new Project();
  db = new Database(project.path('in.db'));
  db.pragma('journal_mode = WAL');
  db.exec('CREATE TABLE source (team INTEGER, id INTEGER, note TEXT, PRIMARY KEY (team, id))');
});
afterEach(async () => {
  db.close();
  await project.clean();
});

/** Rows with ids from `first` on; a hundred of them have the same first column of the key. */
function insert(count: number, first = 1): void {
  db.exec('BEGIN');
  const statement = db.prepare('INSERT INTO source VALUES (?, ?, ?)');
  for (let id = first; id < first + count; id++)
    statement.run(Math.floor(id / 100), id, `a note of some length on ${id}`);
  db.exec('COMMIT');
}

/**
 * Into another file, in a table that shows every double write. Every thirtieth row takes a while. With `waitFor`, rows
 * after the first 2,000 wait until a file of that name exists; queue and window are so small that the producer cannot
 * have read all of `waitingRows` by then.
 */
const pipeline = ({ options = `table: 'source'`, waitFor = '' } = {}): string => `
  import { existsSync } from 'node:fs';
  import { definePipeline, from, param, to } from 'millrace';
  const file = param.string({ default: 'in.db' });
  export default definePipeline({
    name: 'rows',
    params: { file },
    source: from.sqlite<{ team: number; id: number; note: string }>({ file, page: 500, ${options} }),
    async process(row) {
      while (${waitFor ? `row.id > 2000 && !existsSync('${waitFor}')` : 'false'}) {
        await new Promise((go) => setTimeout(go, 20));
      }
      if (row.id % 30 === 0) await new Promise((go) => setTimeout(go, 5));
      return row;
    },
    sink: to.sqlite({ file: 'out.db', table: 'rows' }),
    options: { queueHighItems: 3000, frameBytes: '64KiB', producerWindow: '64KiB', crashLimit: 1000 },
  });`;

const waitingRows = 60_000;

describe('a SQLite table into another database', () => {
  it('has each row once, even if producer, consumer and supervisor are killed repeatedly', async () => {
    const count = 60_000;
    insert(count);
    project.write('rows.ts', pipeline());
    let done = 0;
    for (let round = 0; round < 2; round++) {
      const running = project.start(['run', 'rows.ts']);
      done = await killWhileItWorks(project, running, 'producer', done);
      done = await killWhileItWorks(project, running, 'consumer', done);
      done = await killWhileItWorks(project, running, 'producer', done);
      await project.statusWhere('rows', ({ items }) => items.done > done);
      running.kill('SIGKILL');
      await running.ended;
      await project.quiet();
    }
    expect((await project.run(['run', 'rows.ts'])).code).toBe(0);
    project.expectEachOnce(count);
  });

  it('has each row once if rows that were read are deleted, and others inserted, while nothing runs', async () => {
    insert(waitingRows);
    project.write('rows.ts', pipeline({ waitFor: 'go' }));
    const running = project.start(['run', 'rows.ts']);
    await project.statusWhere('rows', ({ items }) => items.stored >= 3000);
    running.kill('SIGKILL');
    await running.ended;
    await project.quiet();
    // Counting rows from the start of the table, or of a page, would lose or repeat some now.
    db.exec('DELETE FROM source WHERE id <= 2900 AND id % 3 = 0');
    db.exec(`INSERT INTO source SELECT team, -id, 'late' FROM source WHERE id <= 2900 AND id % 3 = 1`);
    insert(100, waitingRows + 1);
    project.write('go', '');
    expect((await project.run(['run', 'rows.ts'])).code).toBe(0);
    project.expectEachOnce(waitingRows + 100);
  });

  it('lets the log of the live database be checkpointed while the source is throttled', async () => {
    insert(waitingRows);
    project.write('rows.ts', pipeline({ waitFor: 'go' }));
    const running = project.start(['run', 'rows.ts']);
    await project.statusWhere('rows', ({ queue }) => queue.throttled);
    insert(100, waitingRows + 1);
    expect(db.pragma('wal_checkpoint(TRUNCATE)')).toEqual([{ busy: 0, log: 0, checkpointed: 0 }]);
    project.write('go', '');
    expect((await running.ended).code).toBe(0);
    project.expectEachOnce(waitingRows + 100);
  });

  it('has only new rows in each further run, if it is incremental', async () => {
    project.write(
      'rows.ts',
      pipeline({ options: `table: 'source', key: ['team', 'id'], incremental: { cursor: 'id' }` }),
    );
    insert(1500);
    expect((await project.run(['run', 'rows.ts'])).code).toBe(0);
    insert(700, 1501);
    expect((await project.run(['run', 'rows.ts', '--again'])).code).toBe(0);
    expect((await project.run(['run', 'rows.ts', '--again'])).code).toBe(0);
    insert(1, 2201);
    expect((await project.run(['run', 'rows.ts', '--fresh', '--yes'])).code).toBe(0);
    project.expectEachOnce(2201);
  });

  it('waits while the database is locked, and then continues', async () => {
    db.pragma('journal_mode = DELETE');
    insert(3000);
    db.exec('BEGIN EXCLUSIVE');
    project.write('rows.ts', pipeline());
    const running = project.start(['run', 'rows.ts']);
    const entry = await running.logged('child.exited', ({ role }) => role === 'producer');
    expect(entry.message).toContain('another process has held a lock on');
    db.exec('COMMIT');
    expect((await running.ended).code).toBe(0);
    project.expectEachOnce(3000);
  });

  it.each([
    ['missing.db', `table: 'source'`, 'missing.db: there is no such file; check the path in file'],
    ['in.db', `table: 'sorce'`, 'which has none of that name; did you mean "source"?'],
    ['in.db', `table: 'source', key: 'team'`, 'got several rows with team = 0. Name more columns'],
    [
      'in.db',
      `query: 'SELECT * FROM source; SELECT 1', key: 'id'`,
      'query: expected one statement, got none or several',
    ],
  ])('ends with 78 and the reason: %s, %s', async (file, options, problem) => {
    insert(10);
    project.write('rows.ts', pipeline({ options }));
    const { code, stderr } = await project.run(['run', 'rows.ts', '--param', `file=${file}`]);
    expect(code).toBe(78);
    expect(stderr).toContain(problem);
    expect(stderr).not.toMatch(/^\s+at /m);
  });
});
