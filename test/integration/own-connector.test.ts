/** The example of a source and a sink from outside, with the package installed as a user has it. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { installPacked } from '../support/installed.ts';

let directory: string;
let project: string;

beforeAll(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'millrace-own-'));
  project = path.join(directory, 'project');
  mkdirSync(project);
  installPacked(project, directory);
  writeFileSync(path.join(project, 'package.json'), JSON.stringify({ type: 'module' }));
  cpSync(path.join(project, 'node_modules/millrace/examples/own-connector'), project, { recursive: true });
});
afterAll(() => rmSync(directory, { recursive: true }));

function run(...args: string[]): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: project,
    encoding: 'utf8',
    timeout: 60_000,
    killSignal: 'SIGKILL',
    // A test runner that sees another one's variables reports to that.
    env: { ...process.env, NODE_TEST_CONTEXT: undefined, NODE_OPTIONS: undefined },
  });
  return { status, output: stdout + stderr };
}

it('keeps every promise of its port, according to its own tests', () => {
  const [major] = process.versions.node.split('.');
  const typescript = Number(major) < 24 ? ['--import', 'jiti/register'] : [];
  const { status, output } = run(...typescript, '--test', '--test-reporter=tap', 'connector.test.ts');
  expect({ status, failed: output.match(/^ *not ok .*/gm) }).toEqual({ status: 0, failed: null });
  expect(output).toMatch(/^# pass [1-9]\d$/m);
});

it('runs in a pipeline: each line has one result, and a file moves when all of its lines are settled', () => {
  const millrace = path.join('node_modules/millrace/dist/cli.js');
  const missing = run(millrace, 'run', 'pipeline.ts');
  expect(missing).toMatchObject({ status: 78, output: expect.stringContaining('expected a directory of text files') });

  mkdirSync(path.join(project, 'inbox'));
  writeFileSync(path.join(project, 'inbox/a.txt'), 'to be or not to be\nthat is the question\n');
  writeFileSync(path.join(project, 'inbox/b.txt'), 'whether\n');
  const { status, output } = run(millrace, 'run', 'pipeline.ts');
  expect({ status, output: status === 0 ? '' : output }).toEqual({ status: 0, output: '' });
  const results = readdirSync(path.join(project, 'outbox')).flatMap(
    (name) => JSON.parse(readFileSync(path.join(project, 'outbox', name), 'utf8')) as { file: string; words: number }[],
  );
  expect(results.map(({ file, words }) => `${file} ${words}`).toSorted()).toEqual(['a.txt 4', 'a.txt 6', 'b.txt 1']);
  expect(readdirSync(path.join(project, 'inbox'))).toEqual(['done']);
  expect(readdirSync(path.join(project, 'inbox/done')).toSorted()).toEqual(['a.txt', 'b.txt']);
});

it('can be checked without starting anything', () => {
  const { status, output } = run('node_modules/millrace/dist/cli.js', 'check', 'pipeline.ts');
  expect({ status, output }).toMatchObject({ status: 0, output: expect.stringContaining('outbox: at least once') });
});
