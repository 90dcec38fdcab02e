import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Project } from '../support/project.ts';
import { describeIf } from '../support/describe-if.ts';

let project: Project;
beforeEach(() => {
  project = new Project();
});
afterEach(() => project.clean());

const pipeline = (process: string) => `
  import { definePipeline, to } from 'millrace';
  export default definePipeline({
    name: 'prints',
    *source() { for (let id = 1; id <= 5000; id++) yield { id, text: 'x'.repeat(100) }; },
    process(item) { ${process} },
    sink: to.stdout(),
  });`;

describe('the stdout sink', () => {
  it('writes each result as a separate line to standard output, from whichever consumer; the log goes elsewhere', async () => {
    project.write('prints.ts', pipeline('console.log("noise"); return item;'));
    const { code, stdout } = await project.run(['run', 'prints.ts', '--consumers', '3']);
    expect(code).toBe(0);
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { id: number });
    expect(lines.map(({ id }) => id).toSorted((a, b) => a - b)).toEqual(Array.from({ length: 5000 }, (_, i) => i + 1));
  });

  it('stops cleanly when its reader has exited; results that were not written stay in the queue', async () => {
    project.write('prints.ts', pipeline('return item;'));
    const running = project.start(['run', 'prints.ts']);
    running.process.stdout!.once('data', () => running.process.stdout!.destroy());
    expect((await running.ended).code).toBe(75);
    const stopped = running.log.find(({ event }) => event === 'run.stopped');
    expect(Number(stopped?.['open'])).toBeGreaterThan(0);
  });
});

describe('a reader of the log that reads nothing and stays open', () => {
  it('does not keep the service from ending', async () => {
    project.write('prints.ts', pipeline('console.error("x".repeat(1000));'));
    const args = [resolve('dist/cli.js'), 'run', 'prints.ts'];
    const child = spawn(process.execPath, args, { cwd: project.directory, stdio: ['ignore', 'ignore', 'pipe'] });
    expect(await once(child, 'exit')).toEqual([0, null]);
  });
});

describe('the output of children', () => {
  it('is in the log, line by line, with the process that wrote it', async () => {
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

describe('`ps`', () => {
  it('shows the pipeline and the role of each process', async () => {
    project.write('prints.ts', pipeline('return new Promise(() => undefined);').replace('id <= 5000', 'id < Infinity'));
    project.start(['run', 'prints.ts', '--consumers', '2']);
    const isReady = ({ state }: { state: string }): boolean => state === 'ready';
    const { pid, processes } = await project.statusWhere('prints', (status) => status.processes.every(isReady));
    const titles = [pid, ...processes.map(({ who }) => who.pid!)].map((each) =>
      readFileSync(`/proc/${each}/cmdline`, 'utf8').replaceAll('\0', ''),
    );
    expect(titles).toEqual(
      ['supervisor', 'producer', 'consumer 1', 'consumer 2'].map((name) => `millrace prints: ${name}`),
    );
  });
});

const { error: noScript } = spawnSync('script', ['--version']);
const otherwise = 'script is not on this machine: the output on a terminal was not tested';

describeIf(!noScript, otherwise)('on a terminal', () => {
  const escape = '\u001b';
  const shown = (env: Record<string, string>): string => {
    const file = project.write('prints.ts', pipeline('return undefined;').replace('id <= 5000', 'id <= 1'));
    const command = [process.execPath, resolve('dist/cli.js'), 'run', file].map((word) => `'${word}'`).join(' ');
    const { stdout } = spawnSync('script', ['-qec', command, '/dev/null'], {
      cwd: project.directory,
      env: { PATH: process.env['PATH'], ...env },
      encoding: 'utf8',
    });
    return stdout;
  };

  it('a run shows log lines, and a progress display that is removed at the end', () => {
    const text = shown({ TERM: 'xterm' });
    expect(text).toMatch(/INFO .*supervisor \d+ .*run finished/);
    expect(text).toContain('0 retrying');
    expect(text).toContain(`${escape}[1mprints${escape}[22m ${escape}[32mfinished${escape}[39m: 1 item done`);
    expect(text.lastIndexOf('0 retrying')).toBeLessThan(text.lastIndexOf(`${escape}[J`));
    expect(text.lastIndexOf(`${escape}[?25h`)).toBeGreaterThan(text.lastIndexOf(`${escape}[?25l`));
  });

  it.each<[string, Record<string, string>, boolean]>([
    ['NO_COLOR is respected: the display has none either', { TERM: 'xterm', NO_COLOR: '1' }, true],
    ['a dumb one gets words alone', { TERM: 'dumb' }, false],
  ])('%s', (_, env, hasDisplay) => {
    const text = shown(env);
    expect(text).toMatch(/INFO {2}supervisor \d+ .*run finished/);
    expect(text).toContain('prints finished: 1 item done');
    expect(text).not.toContain(`${escape}[3`);
    expect(text.includes(escape)).toBe(hasDisplay);
  });
});
