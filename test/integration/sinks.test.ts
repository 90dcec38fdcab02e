import { renameSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import Database from 'better-sqlite3';
import { describeWithMounts, mountSmall } from '../support/mounts.ts';
import { Project } from '../support/project.ts';

let project: Project;
beforeEach(() => {
  project = new Project();
});
afterEach(() => project.clean());

/** Items 1…count; every row says in which attempt it was made. */
const pipeline = ({
  count = 60,
  sink = `to.sqlite({ file: 'out.db', table: 'rows' })`,
  process = 'return { id, attempt };',
  wait = '',
} = {}): string => `
  import { definePipeline, to } from 'millrace';
  export default definePipeline({
    name: 'sinks',
    async *source() { for (let id = 1; id <= ${count}; id++) { ${wait} yield { id }; } },
    async process({ id }, { attempt }) { ${process} },
    sink: ${sink},
  });`;
const slowly = 'await new Promise((go) => setTimeout(go, 20));';
const run = ['run', 'sinks.ts', '--consumers', '2'];

const rows = (file = 'out.db'): unknown[] => project.query(file, 'SELECT id, attempt FROM rows ORDER BY id');
const all = (count = 60): { id: number; attempt: number }[] =>
  Array.from({ length: count }, (_, i) => ({ id: i + 1, attempt: 1 }));

describe('a sink that accepts nothing for a while', () => {
  it('because another process has locked it makes consumers wait and say why; they resume where they stopped', async () => {
    project.write('sinks.ts', pipeline({ wait: slowly }));
    const running = project.start(run);
    await project.statusWhere('sinks', ({ items }) => items.done >= 5);
    const other = new Database(project.path('out.db'));
    try {
      await project.until(() => {
        try {
          other.exec('BEGIN IMMEDIATE');
          return true;
        } catch {
          return undefined; // A consumer is writing at this moment.
        }
      });
      const { reasons, processes, items } = await project.statusWhere('sinks', ({ state }) => state === 'paused');
      expect(reasons.join('\n')).toMatch(/held a lock on \S+out\.db/);
      expect(await running.logged('sink.down')).toMatchObject({ reason: expect.stringContaining('another process') });
      expect(processes.map(({ restarts }) => restarts)).toEqual([0, 0, 0]);
      expect(items.done).toBe(rows().length);
      other.exec('COMMIT');
    } finally {
      other.close();
    }
    await running.logged('sink.up');
    expect((await running.ended).code).toBe(0);
    expect(rows()).toEqual(all());
  });
});

describeWithMounts('a sink on a disk that is full for a while', () => {
  it('makes consumers wait and say why; they resume where they stopped', async () => {
    const small = mountSmall(project.path('small'), '1m');
    try {
      const sink = `to.sqlite({ file: 'small/out.db', table: 'rows' })`;
      project.write('sinks.ts', pipeline({ sink, process: `return { id, attempt, text: 'x'.repeat(50_000) };` }));
      const running = project.start(run);
      const { reason } = await running.logged('sink.down');
      expect(reason).toContain('full');
      await project.statusWhere('sinks', ({ reasons }) => reasons.some((text) => text.includes('full')));
      small.resize('64m');
      expect((await running.ended).code).toBe(0);
      expect(rows('small/out.db')).toEqual(all());
    } finally {
      small.unmount();
    }
  });
});

describe('a sink that hangs', () => {
  it.each([
    ['after it has committed', 'await writer.commit(batch); if (isFirst()) await never;'],
    ['before it commits', 'if (isFirst()) await never; await writer.commit(batch);'],
  ])('%s: it is given up and reopened, and each row is there once', async (_, commit) => {
    const sink = `(() => {
      const inner = to.sqlite({ file: 'out.db', table: 'rows' });
      const never = new Promise(() => {});
      const { existsSync, writeFileSync } = process.getBuiltinModule('node:fs');
      const isFirst = () => !existsSync('hung') && (writeFileSync('hung', ''), true);
      return {
        ...inner,
        async open(context) {
          const writer = await inner.open(context);
          return { ...writer, async commit(batch) { ${commit} } };
        },
      };
    })()`;
    project.write('sinks.ts', pipeline({ sink }));
    const running = project.start([...run, '--sink-timeout', '500ms']);
    expect(await running.logged('sink.down')).toMatchObject({ reason: 'a commit took longer than 500ms' });
    expect((await running.ended).code).toBe(0);
    expect(running.log.filter(({ event }) => event === 'child.gone')).toHaveLength(0);
    expect(rows()).toEqual(all());
  });
});

describe('results', () => {
  const values = ['1067', "'1067'", "'08001'", "'+41'", "'1e3'", "'12345678901234567890'", '2n ** 53n + 1n', '0.5'];
  const keyed = (columns = ''): string =>
    pipeline({ count: values.length, sink: `to.sqlite({ file: 'out.db', table: 'rows', key: 'v'${columns} })`, process: `return { v: [${values.join()}][id - 1] };` }); // prettier-ignore

  it('keep different values and keys different, or become dead letters that say what to declare', async () => {
    project.write('sinks.ts', keyed());
    expect((await project.run(run)).code).toBe(0);
    expect(
      project.query('out.db', "SELECT typeof(v) || ' ' || CASE typeof(v) WHEN 'real' THEN v ELSE CAST(v AS TEXT) END AS v FROM rows ORDER BY v"), // prettier-ignore
    ).toEqual(
      ['integer 1067', 'integer 9007199254740993', 'real 0.5', 'text +41', 'text 08001', 'text 1067', 'text 12345678901234567890', 'text 1e3'].map((v) => ({ v })), // prettier-ignore
    );

    project.write('declared.ts', keyed(", columns: { v: 'BIGINT' }").replace("'sinks'", "'declared'").replace('out.db', 'other.db')); // prettier-ignore
    expect((await project.run(['run', 'declared.ts'])).code).toBe(3);
    expect(project.query('other.db', 'SELECT CAST(v AS TEXT) AS v FROM rows ORDER BY rows.v')).toEqual(
      ['0.5', '1067', '9007199254740993'].map((v) => ({ v })),
    );
    const { stdout } = await project.run(['dead', 'ls', 'declared', '--json']);
    expect(stdout.trim().split('\n')).toHaveLength(5);
    expect(stdout).toContain(
      String.raw`table \"rows\", column \"v\": a column of type BIGINT would store \"08001\" as a number; declare it TEXT`,
    );
  });

  it('that process writes to a reused object are all in the table', async () => {
    project.write('sinks.ts', pipeline({ count: 200, process: 'row.id = id; row.attempt = attempt; return row;' }).replace('async process', 'process').replace('export', 'const row = {};\n  export')); // prettier-ignore
    expect((await project.run(run)).code).toBe(0);
    expect(rows()).toEqual(all(200));
  });
});

describe('a sink that can never be written', () => {
  it.each<[string, string, string, string]>([
    ['its table is a view', 'CREATE VIEW rows AS SELECT 1 AS id', '', 'got a view'],
    [
      'its trigger refers to a table that is not there',
      'CREATE TABLE rows (id, attempt); CREATE TRIGGER t AFTER INSERT ON rows BEGIN DELETE FROM audit; END',
      '',
      'no such table: main.audit',
    ],
    ['it has no unique index for the key', 'CREATE TABLE rows (id, attempt)', `to.sqlite({ file: 'out.db', table: 'rows', key: 'id' })`, 'CREATE UNIQUE INDEX'], // prettier-ignore
    [
      'it is the queue',
      '',
      `to.sqlite({ file: '.millrace/sinks/queue.db', table: 'rows' })`,
      'the queue of a Millrace pipeline',
    ],
    ['it is memory', '', 'to.memory()', 'got to.memory()'],
  ])('is refused with 78 before an item runs: %s', async (_what, table, sink, text) => {
    const database = new Database(project.path('out.db'));
    database.exec(table);
    database.close();
    const process = `log.error('an item runs'); return { id };`;
    const source = pipeline({ process, ...(sink && { sink }) }).replace('{ attempt }', '{ log }');
    project.write('sinks.ts', source.replace('definePipeline, sqlite', 'definePipeline, memory, sqlite'));
    const { code, stderr } = await project.run(run);
    expect(stderr).toContain(text);
    expect(stderr).not.toContain('an item runs');
    expect(code).toBe(78);
  });
});

describe('a row that its table refuses', () => {
  it('is found among the rows that were committed with it, and alone becomes a dead letter', async () => {
    const database = new Database(project.path('out.db'));
    database.exec(`
      CREATE TABLE rows (id INTEGER, attempt INTEGER);
      CREATE TRIGGER no_seven BEFORE INSERT ON rows WHEN new.id = 7 BEGIN SELECT raise(ABORT, 'no sevens here'); END;`);
    database.close();
    project.write('sinks.ts', pipeline());
    expect((await project.run(run)).code).toBe(3);
    expect(rows()).toEqual(all().filter(({ id }) => id !== 7));
    const { stdout } = await project.run(['dead', 'ls', 'sinks', '--json']);
    expect(JSON.parse(stdout)).toMatchObject({ item: { id: 7 }, attempts: 1, error: { code: 'BAD_ROW' } });
    expect(stdout).toContain('no sevens here');
  });
});

describe('a database that is moved away while it is written', () => {
  it('is reported as missing, is not created again, and has every row once when it is back', async () => {
    project.write('sinks.ts', pipeline({ wait: slowly, count: 120 }));
    const running = project.start(run);
    await project.statusWhere(
      'sinks',
      ({ items, processes }) => items.done >= 5 && processes.every(({ state }) => state === 'ready'),
    );
    renameSync(project.path('out.db'), project.path('moved.db'));
    const { code, stderr } = await running.ended;
    expect(stderr).toContain('was deleted or moved away while it was open');
    expect(code).toBe(74);
    const again = await project.run(run);
    expect(again.stderr).toContain('has no record of run');
    expect(again.code).toBe(78);
    expect(project.read('out.db')).toBe('');
    renameSync(project.path('moved.db'), project.path('out.db'));
    expect((await project.run(run)).code).toBe(0);
    expect(rows()).toEqual(all(120));
  });
});
