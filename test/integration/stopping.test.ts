import { spawn, spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Status } from '../../src/observability/status.ts';
import { processesOf, Project } from '../support/project.ts';
import { describeIf } from '../support/describe-if.ts';

let project: Project;
beforeEach(() => {
  project = new Project();
});
afterEach(() => project.clean());

const pipeline = (process: string, more = '') => `
  import { definePipeline, to } from 'millrace';
  const wait = (ms: number) => new Promise((go) => setTimeout(go, ms));
  export default definePipeline({
    name: 'stops',
    *source() { for (let id = 1; id <= 400; id++) yield { id }; },
    async process(item, context) { ${process} },
    ${more}
    sink: to.sqlite({ file: 'out.db', table: 'rows' }),
  });`;

const rows = (): number => project.query<{ n: number }>('out.db', 'SELECT count(*) AS n FROM rows')[0]!.n;

/** All consumers: a consumer that is still starting has nothing to finish, and is killed. */
const areReady = ({ processes }: Status): boolean =>
  processes.every(({ who, state }) => who.role === 'producer' || state === 'ready');

describe('TERM', () => {
  it('lets started items finish, keeps the rest in the queue, and the same command continues', async () => {
    project.write('stops.ts', pipeline('await wait(20); return item;', `teardown() { console.log('torn down'); },`));
    const first = project.start(['run', 'stops.ts', '--consumers', '2', '--concurrency', '4']);
    await project.statusWhere('stops', (status) => status.items.done >= 40 && areReady(status));
    first.kill('SIGTERM');
    const { code } = await first.ended;
    expect(code).toBe(0);
    const stopped = await first.logged('run.stopped');
    expect(stopped).toMatchObject({ aborted: 0, exitCode: 0 });
    expect(rows() + Number(stopped['open'])).toBe(400);
    const asked = await project.run(['status', 'stops', '--json']);
    const resting = { state: 'stopped', exitCode: 0, queue: { queued: stopped['open'] } };
    expect([asked.code, JSON.parse(asked.stdout)]).toMatchObject([69, resting]);
    expect(
      first.log.filter(({ event, message }) => event === 'child.output' && message.includes('torn down')),
    ).toHaveLength(2);
    expect(processesOf(project.directory)).toEqual([]);

    const second = project.start(['run', 'stops.ts']);
    expect((await second.ended).code).toBe(0);
    expect(second.log.find(({ event }) => event === 'run.started')).toMatchObject({ message: 'run resumed' });
    expect(rows()).toBe(400);
  });

  it('to the whole group, like Ctrl-C, ends cleanly as well', async () => {
    project.write('stops.ts', pipeline('await wait(20); return item;'));
    const running = project.start(['run', 'stops.ts', '--consumers', '2']);
    await project.statusWhere('stops', (status) => status.items.done >= 20 && areReady(status));
    for (const pid of processesOf(project.directory)) process.kill(pid, 'SIGINT');
    expect((await running.ended).code).toBe(0);
    expect(running.log.filter(({ event, level }) => event === 'child.exited' && level === 'error')).toEqual([]);
    expect(await project.run(['run', 'stops.ts'])).toMatchObject({ code: 0 });
    expect(rows()).toBe(400);
  });

  it('aborts items that do not finish in time; they stay in the queue, and the exit code says so', async () => {
    project.write(
      'stops.ts',
      pipeline(`if (item.id > 8) await new Promise((_, no) => context.signal.addEventListener('abort', () => no(context.signal.reason)));
                return item;`),
    );
    const running = project.start([
      'run',
      'stops.ts',
      '--consumers',
      '1',
      '--concurrency',
      '4',
      '--stop-timeout',
      '1s',
    ]);
    await project.statusWhere('stops', ({ items }) => items.done === 8);
    running.kill('SIGTERM');
    expect((await running.ended).code).toBe(75);
    expect(await running.logged('run.stopped')).toMatchObject({ open: 392, aborted: 4 });
    expect(rows()).toBe(8);
  });

  it('sent twice kills items that ignore the abort; no item is lost', async () => {
    project.write('stops.ts', pipeline('if (item.id > 8) await new Promise(() => undefined); return item;'));
    const running = project.start([
      'run',
      'stops.ts',
      '--consumers',
      '1',
      '--concurrency',
      '4',
      '--stop-timeout',
      '10min',
    ]);
    await project.statusWhere('stops', ({ items }) => items.done === 8);
    running.kill('SIGTERM');
    await running.logged('run.stopping');
    running.kill('SIGTERM');
    expect((await running.ended).code).toBe(75);
    expect(await running.logged('run.stopped')).toMatchObject({ open: 392 });
  });

  it('while the pipeline file is still loading ends at once', async () => {
    project.write('slow.ts', `await new Promise(() => undefined); export default {};`);
    const running = project.start(['run', 'slow.ts']);
    await project.until(() => (processesOf(project.directory).length > 1 ? true : undefined));
    running.kill('SIGTERM');
    expect((await running.ended).code).toBe(0);
    await project.quiet();
  });

  it('reaches a source that waits forever', async () => {
    project.write(
      'stops.ts',
      `import { definePipeline, to } from 'millrace';
       export default definePipeline({
         name: 'stops',
         async *source() { yield { id: 1 }; await new Promise(() => undefined); },
         sink: to.sqlite({ file: 'out.db', table: 'rows' }),
       });`,
    );
    const running = project.start(['run', 'stops.ts', '--consumers', '1']);
    await project.statusWhere('stops', ({ items }) => items.done === 1);
    running.kill('SIGTERM');
    expect((await running.ended).code).toBe(0);
  });
});

const { error: noScript } = spawnSync('script', ['--version']);
const otherwise = 'script is not on this machine: a run whose terminal is closed was not tested';

describeIf(!noScript, otherwise)('a terminal that is closed', () => {
  /** Runs stops.ts on a terminal, closes the terminal when `isTime`, and resolves to its end, as a shell reports it. */
  async function closedWhen(isTime: () => Promise<unknown>): Promise<string> {
    const run = [process.execPath, resolve('dist/cli.js'), 'run', 'stops.ts'].map((word) => `'${word}'`).join(' ');
    // Only the shell gets the signal for the end of its terminal; it passes it on to its job, as an interactive shell does.
    const shell = `trap 'kill -HUP $job' HUP; ${run} & job=$!; wait $job; wait $job; echo $? > code`;
    const terminal = spawn('script', ['-qec', shell, '/dev/null'], {
      cwd: project.directory,
      env: { ...process.env, MILLRACE_CONSUMERS: '1' },
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    await isTime();
    terminal.kill('SIGKILL');
    return await project.until(() => project.read('code').trim() || undefined);
  }

  it('stops cleanly: exit 0, and the next start continues', async () => {
    project.write('stops.ts', pipeline('await wait(200); return item;'));
    expect(await closedWhen(() => project.statusWhere('stops', ({ items }) => items.done >= 20))).toBe('0');
    const done = rows();
    expect(done).toBeLessThan(400);
    expect(await project.run(['run', 'stops.ts'])).toMatchObject({ code: 0 });
    project.expectEachOnce(400);
  });

  it('stops it even before the run has begun', async () => {
    project.write('stops.ts', 'await new Promise(() => setInterval(() => undefined, 1000)); export default {};');
    // Node has begun to start the children, long before the service exists.
    expect(await closedWhen(() => project.until(() => processesOf(project.directory).length > 3 || undefined))).toBe(
      '0',
    );
  });
});

describe('USR1 and USR2', () => {
  it('sent to any process open no debugger and end no process', async () => {
    project.write('stops.ts', pipeline('await wait(20); return item;'));
    const running = project.start(['run', 'stops.ts', '--consumers', '1', '--concurrency', '4']);
    const { processes } = await project.statusWhere('stops', ({ items }) => items.done >= 10);
    const pids = processes.flatMap(({ who: { pid } }) => (pid === undefined ? [] : [pid]));
    for (const pid of [...pids, running.pid]) {
      process.kill(pid, 'SIGUSR1');
      process.kill(pid, 'SIGUSR2');
    }
    const { code, stderr } = await running.ended;
    expect(code).toBe(0);
    expect(running.log.filter(({ level }) => level === 'error')).toEqual([]);
    expect(stderr).not.toMatch(/debugger|inspector/i);
    expect(rows()).toBe(400);
  });
});

describe('a run that has finished', () => {
  it('stays finished: the same command only says so, and exits with the same code', async () => {
    project.write('stops.ts', pipeline('return item;', '').replace('id <= 400', 'id <= 20'));
    expect((await project.run(['run', 'stops.ts'])).code).toBe(0);
    const again = await project.run(['run', 'stops.ts']);
    expect(again.code).toBe(0);
    expect(again.stderr).toContain('this run has already finished');
    expect(rows()).toBe(20);
    expect((await project.run(['run', 'stops.ts', '--again'])).code).toBe(0);
    expect(rows()).toBe(40);
  });
});

describe('end of stream', () => {
  it('reaches each consumer after the last item: all tear down and exit with 0', async () => {
    project.write('stops.ts', pipeline('await wait(5); return item;', `teardown() { console.log('torn down'); },`));
    const running = project.start(['run', 'stops.ts', '--consumers', '3']);
    expect((await running.ended).code).toBe(0);
    const exits = running.log.filter(({ event }) => event === 'child.exited');
    expect(exits.map(({ message }) => message)).toEqual(['ended', 'ended', 'ended', 'ended']);
    expect(
      running.log.filter(({ event, message }) => event === 'child.output' && message.includes('torn down')),
    ).toHaveLength(3);
  });

  it('comes even if user code has left timers running', async () => {
    project.write(
      'stops.ts',
      pipeline('setInterval(() => undefined, 1000); return item;').replace('id <= 400', 'id <= 3'),
    );
    expect((await project.run(['run', 'stops.ts'])).code).toBe(0);
    expect(rows()).toBe(3);
  });
});
