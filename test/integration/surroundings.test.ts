import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, rmSync, statfsSync, statSync, writeFileSync } from 'node:fs';
import module from 'node:module';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { describeWithMounts, mountSmall } from '../support/mounts.ts';
import { Project } from '../support/project.ts';

let project: Project;
beforeEach(() => {
  project = new Project();
});
afterEach(() => project.clean());

it('a pipeline whose state directory has a longer path than sockets allow runs and answers like any other', async () => {
  const state = `${'d'.repeat(180)}/${'d'.repeat(180)}`;
  project.write(
    'deep.ts',
    `import { definePipeline, to } from 'millrace';
     import { existsSync } from 'node:fs';
     export default definePipeline({
       name: 'deep',
       *source() { for (let id = 1; id <= 100; id++) yield { id }; },
       async process(item) {
         while (!existsSync('go')) await new Promise((go) => setTimeout(go, 10));
         return item;
       },
       sink: to.sqlite({ file: 'out.db', table: 'rows' }),
     });`,
  );
  const running = project.start(['run', 'deep.ts', '--state', state]);
  await running.logged('run.sealed');
  const asked = await project.run(['status', '--json', '--state', state]);
  expect([asked.code, JSON.parse(asked.stdout)]).toMatchObject([0, { name: 'deep', items: { stored: 100 } }]);
  project.write('go', '');
  expect((await running.ended).code).toBe(0);
  project.expectEachOnce(100);
});

it('a queue file that a process limit keeps from growing ends the run with 74; once it may grow, no item is lost or done twice', async () => {
  project.write(
    'grows.ts',
    `import { definePipeline, to } from 'millrace';
     export default definePipeline({
       name: 'grows',
       *source() { for (let id = 1; id <= 5000; id++) yield { id, text: 'x'.repeat(1000) }; },
       async process(item) { await new Promise((go) => setTimeout(go, 10)); return item; },
       sink: to.sqlite({ file: 'out.db', table: 'rows' }),
     });`,
  );
  const first = project.start(['run', 'grows.ts', '--consumers', '1']);
  // From outside, because a shell's ulimit cannot be raised again.
  const { status } = spawnSync('prlimit', ['--pid', String(first.pid), '--fsize=1500000']);
  expect(status).toBe(0);
  const { code, stderr } = await first.ended;
  expect(code).toBe(74);
  expect(stderr).toContain('queue.db failed');
  const second = await project.run(['run', 'grows.ts']);
  expect(second.code).toBe(0);
  expect(project.query('out.db', 'SELECT count(*) AS rows, count(DISTINCT id) AS ids FROM rows')).toEqual([
    { rows: 5000, ids: 5000 },
  ]);
});

it('all processes cache their compiled code, if Node can, readable only by this user; programs that an item starts do not', async () => {
  project.write(
    'warm.ts',
    `import { execFileSync } from 'node:child_process';
     import module from 'node:module';
     import { definePipeline, to } from 'millrace';
     const print = "process.stdout.write(process.env.NODE_COMPILE_CACHE ?? 'unset')";
     export default definePipeline({
       name: 'warm',
       source: [1],
       process: (id) => ({
         id,
         mine: module.getCompileCacheDir?.() ?? '',
         program: execFileSync(process.execPath, ['-e', print], { encoding: 'utf8' }),
       }),
       sink: to.sqlite({ file: 'out.db', table: 'rows' }),
     });`,
  );
  mkdirSync(project.path('tmp'));
  expect(await project.run(['run', 'warm.ts'], { TMPDIR: project.path('tmp') })).toMatchObject({ code: 0 });
  const directory = project.path(`tmp/millrace-${process.getuid!()}`);
  expect(statSync(directory).mode & 0o777).toBe(0o700);
  const canKeep = 'enableCompileCache' in module;
  expect(existsSync(`${directory}/code`)).toBe(canKeep);
  const [row] = project.query<{ mine: string; program: string }>('out.db', 'SELECT mine, program FROM rows');
  expect(row!.mine.startsWith(`${directory}/code/`)).toBe(canKeep);
  expect(row!.program).toBe('unset');
});

it('a start that cannot open enough files says which limit to raise, and ends with 78, or 69 if only its processes cannot start', async () => {
  project.write(
    'few.ts',
    `import { definePipeline, to } from 'millrace';
     export default definePipeline({ name: 'few', source: [1, 2, 3], sink: to.discard() });`,
  );
  for (const files of [32, 40, 48]) {
    const through = ['bash', '-c', `ulimit -n ${files}; exec "$0" "$@"`];
    const { code, stderr } = await project.start(['run', 'few.ts'], {}, through).ended;
    expect(stderr).not.toContain('a bug in Millrace');
    // How many a process needs differs between Node versions; 32 are too few for all of them.
    if (code === 0 && files > 32) continue;
    expect([78, 69]).toContain(code);
    expect(stderr).toContain(code === 78 ? 'ulimit -n; LimitNOFILE=' : 'raise the limit on open files (ulimit -n)');
  }
});

describeWithMounts('a start on a full disk', () => {
  it('says so, ends with 74, and continues once there is space', async () => {
    project.write(
      'full.ts',
      `import { definePipeline, to } from 'millrace';
     export default definePipeline({ name: 'full', source: [1, 2, 3], sink: to.discard() });`,
    );
    const small = mountSmall(project.path('small'), '20m');
    const run = ['run', 'full.ts', '--state', 'small/state'];
    try {
      expect((await project.run(run)).code).toBe(0);
      const { stdout } = spawnSync('sh', ['-c', 'cat /dev/zero > small/filler; ls small'], {
        cwd: project.directory,
        encoding: 'utf8',
      });
      expect(stdout).toContain('filler');
      const { code, stderr } = await project.run(run);
      expect(code).toBe(74);
      expect(stderr).toMatch(
        /^millrace: no disk space for the queue in .*small\/state: .*Free some space, then start again\.$/m,
      );
      rmSync(project.path('small/filler'));
      expect((await project.run(run)).stderr).toContain('has already finished');
    } finally {
      small.unmount();
    }
  });

  it('with an open run says so and ends with 74, however little space there is', async () => {
    project.write(
      'open.ts',
      `import { definePipeline, to } from 'millrace';
       export default definePipeline({
         name: 'open',
         *source() { for (let id = 1; id <= 200; id++) yield { id, text: 'x'.repeat(300) }; },
         process: () => new Promise((go) => setTimeout(go, 60_000)),
         sink: to.discard(),
       });`,
    );
    const first = project.start(['run', 'open.ts']);
    await first.logged('run.sealed');
    first.kill('SIGKILL');
    await first.ended;
    for (const pages of [0, 4, 8, 10, 12, 14, 16, 18]) {
      const small = mountSmall(project.path('small'), '4m');
      try {
        cpSync(project.path('.millrace/open'), project.path('small/state'), {
          recursive: true,
          filter: (name) => !/(\.sock|reserve)$/.test(name),
        });
        const { bsize, bavail } = statfsSync(project.path('small'));
        writeFileSync(project.path('small/filler'), Buffer.alloc((bavail - pages) * bsize));
        const { code, stderr } = await project.run(['run', 'open.ts', '--state', 'small/state', '--redact', 'canary']);
        expect([pages, code]).toEqual([pages, 74]);
        expect(stderr).toMatch(
          /^millrace: no disk space for the queue in .*small\/state: .*Free some space, then start again\.$/m,
        );
      } finally {
        small.unmount();
        rmSync(project.path('small'), { recursive: true });
      }
    }
  });
});
