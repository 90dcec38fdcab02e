import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { spawn, spawnSync } from 'node:child_process';
import { once as happened } from 'node:events';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { Project } from '../support/project.ts';

let project: Project;
beforeEach(() => {
  project = new Project();
});
afterEach(() => project.clean());

const pipeline = (process: string, more = '') => `
  import { definePipeline, to } from 'millrace';
  import { existsSync } from 'node:fs';
  export default definePipeline({
    name: 'fails',
    *source() { for (let id = 1; id <= 12; id++) yield { id, when: new Date(id) }; },
    async process({ id, when }, { seq, key }) { ${process} return { id, seq, key, when }; },
    ${more}
    sink: to.sqlite({ file: 'out.db', table: 'rows' }),
  });`;
const once = ['--attempts', '1'];

describe('dead letters', () => {
  it('of a finished run are processed by the next start after they were given back, and no other item is', async () => {
    project.write('fails.ts', pipeline(`if (id % 4 === 0) throw new Error('a bug'.padEnd(8000, '!'));`));
    expect((await project.run(['run', 'fails.ts', ...once])).code).toBe(3);
    // On a full disk: an incomplete export must not pass for a complete one.
    for (const [to, rest, problem] of [
      ['--to all.ndjson', '', 'all.ndjson cannot be written: EFBIG'],
      ['', '> all.ndjson', 'cannot write the output: EFBIG'],
    ]) {
      const command = `trap '' XFSZ; ulimit -f 80; exec node ${resolve('dist/cli.js')} dead export fails ${to} ${rest}`;
      const { status, stderr } = spawnSync('sh', ['-c', command], { cwd: project.directory, encoding: 'utf8' });
      expect([status, stderr]).toEqual([74, expect.stringContaining(problem!)]);
      expect(existsSync(project.path('all.ndjson'))).toBe(to === '');
    }
    // The bug is fixed: another version of the pipeline, for a run whose source has ended.
    project.write('fails.ts', pipeline(''));
    expect((await project.run(['run', 'fails.ts'])).code).toBe(3);
    const given = await project.run(['dead', 'retry', 'fails', '4', '8']);
    expect(given).toMatchObject({ code: 0, stdout: expect.stringContaining('the finished run is open again') });
    expect((await project.run(['run', 'fails.ts'])).code).toBe(3);
    expect(project.query('out.db', 'SELECT id, seq, "when" FROM rows WHERE id % 4 = 0 ORDER BY id')).toEqual([
      { id: 4, seq: 13, when: new Date(4).toISOString() },
      { id: 8, seq: 14, when: new Date(8).toISOString() },
    ]);
    expect(
      (await project.run(['dead', 'edit', '12', '--json', '{"id": 12, "when": {"$date": "2026-01-02"}}'])).code,
    ).toBe(0);
    expect((await project.run(['run', 'fails.ts'])).code).toBe(0);
    project.expectEachOnce(12);
    const [{ run }] = project.query<{ run: string }>(
      'out.db',
      `SELECT substr(key, 1, instr(key, ':') - 1) AS run FROM rows`,
    ) as [{ run: string }];
    expect(project.query('out.db', 'SELECT key FROM rows WHERE id IN (3, 4, 12) ORDER BY id')).toEqual([
      { key: `${run}:3` },
      { key: `${run}:4` },
      { key: `${run}:12` },
    ]);
    expect((await project.run(['dead', 'ls', 'fails'])).stdout).toBe('no dead letters\n');
  });

  it('that paused the pipeline are given back while it runs, and it resumes by itself', async () => {
    project.write(
      'fails.ts',
      pipeline(
        `if (!existsSync('mended')) throw new Error('not mended');`,
        `options: { consumers: 1, concurrency: 1 },`,
      ),
    );
    const running = project.start(['run', 'fails.ts', ...once, '--dead-max', '2']);
    const paused = await project.statusWhere('fails', ({ state }) => state === 'paused');
    expect(paused).toMatchObject({
      pausedBy: expect.stringContaining('millrace dead retry'),
      reasons: [expect.any(String)],
    });
    expect((await project.run(['status', 'fails', '--ready'])).code).toBe(1);
    expect(await project.run(['dead', 'show', '1', 'fails'])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('not mended'),
    });
    project.write('mended', '');
    expect(await project.run(['dead', 'retry', 'fails', '--reason', 'not mended'])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/dead letters? returned to the queue: the pipeline retries them now/),
    });
    expect((await running.ended).code).toBe(0);
    project.expectEachOnce(12);
    expect(running.log.map(({ event }) => event)).toEqual(
      expect.arrayContaining(['run.paused', 'letters.givenBack', 'run.unpaused']),
    );
  });

  it('do not affect the end once they are purged: the run ends with 0', async () => {
    project.write(
      'fails.ts',
      pipeline(
        `if (id === 5) throw new Error('five'); while (id === 12 && !existsSync('purged')) await new Promise((again) => setTimeout(again, 10));`,
      ),
    );
    const running = project.start(['run', 'fails.ts', ...once]);
    await project.statusWhere('fails', ({ items }) => items.dead === 1);
    expect((await project.run(['dead', 'purge', 'fails', '--all', '--yes'])).code).toBe(0);
    project.write('purged', '');
    expect((await running.ended).code).toBe(0);
    expect(project.query('out.db', 'SELECT count(*) AS n FROM rows')).toEqual([{ n: 11 }]);
  });
});

it('dead letters that are written to a pipe that nobody reads do not keep a supervisor from starting', async () => {
  project.write(
    'fails.ts',
    `import { definePipeline, to } from 'millrace';
    export default definePipeline({
      name: 'fails',
      *source() { for (let id = 1; id <= 40; id++) yield { id, text: 'x'.repeat(20_000) }; },
      process() { throw new Error('a bug'); },
      sink: to.discard(),
    });`,
  );
  expect((await project.run(['run', 'fails.ts', ...once])).code).toBe(3);
  for (const command of [['ls', '--json'], ['show', '--all'], ['export']]) {
    const [verb, ...flags] = command as [string, ...string[]];
    const shown = spawn(process.execPath, [resolve('dist/cli.js'), 'dead', verb, 'fails', ...flags], {
      cwd: project.directory,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    try {
      // It has begun to write, and has more to write than fits into a pipe.
      await happened(shown.stdout, 'readable');
      const { code, stderr } = await project.run(['run', 'fails.ts']);
      expect(stderr).toContain('has already finished');
      expect([command, code, shown.exitCode]).toEqual([command, 3, null]);
    } finally {
      shown.kill('SIGKILL');
    }
  }
});
