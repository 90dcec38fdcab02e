/** Programs of a user who has installed the package. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { installPacked } from '../support/installed.ts';

let directory: string;
let project: string;

beforeAll(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'millrace-installed-'));
  project = path.join(directory, 'project');
  mkdirSync(project);
  installPacked(project, directory);
  write('package.json', JSON.stringify({ type: 'module' }));
  write(
    'squares.ts',
    `import { definePipeline, to } from 'millrace';
     export default definePipeline({
       name: 'squares',
       source: [1, 2, 3],
       process: (n: number) => ({ n, square: n * n }),
       sink: to.results(),
     });`,
  );
  write(
    'main.ts',
    `import { run, type LogLine, type RunSummary, type Service } from 'millrace';
     const told: LogLine[] = [];
     const service: Service = run(new URL('../squares.ts', import.meta.url), {
       consumers: 1,
       state: process.argv[2],
       stopTimeout: '5s',
       ordered: true,
       log: (line) => told.push(line),
     });
     const rows: unknown[] = [];
     for await (const row of service.results) rows.push(row);
     const { state, done }: RunSummary = await service.done;
     console.log(JSON.stringify({ rows, state, done, hasLog: told.length > 0, name: service.status?.name }));`,
  );
});
afterAll(() => rmSync(directory, { recursive: true }));

function write(name: string, text: string): void {
  mkdirSync(path.dirname(path.join(project, name)), { recursive: true });
  writeFileSync(path.join(project, name), text);
}

function succeed(...command: string[]): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, command, {
    cwd: project,
    encoding: 'utf8',
    timeout: 60_000,
    killSignal: 'SIGKILL',
  });
  expect({ status, output: status === 0 ? '' : stdout + stderr }).toEqual({ status: 0, output: '' });
  return stdout;
}

const result = {
  rows: [1, 2, 3].map((n) => ({ n, square: n * n })),
  state: 'finished',
  done: 3,
  hasLog: true,
  name: 'squares',
};

it('a TypeScript program compiles against the types of the package, and runs', () => {
  const types = path.join(project, 'node_modules/@types');
  mkdirSync(types, { recursive: true });
  rmSync(path.join(types, 'node'), { force: true });
  symlinkSync(path.resolve('node_modules/@types/node'), path.join(types, 'node'));
  const compilerOptions = {
    strict: true,
    target: 'es2022',
    module: 'nodenext',
    rootDir: '.',
    outDir: 'built',
    exactOptionalPropertyTypes: false,
    types: ['node'],
  };
  write('tsconfig.json', JSON.stringify({ compilerOptions, files: ['main.ts'] }));
  succeed(path.resolve('node_modules/typescript/bin/tsc'), '-p', '.');
  expect(JSON.parse(succeed('built/main.js', 'state/typescript'))).toEqual(result);
});

it('a JavaScript program that is bundled together with the package runs', () => {
  write('built/producer.js', 'throw new Error("a file of the user’s own");');
  const esbuild = path.resolve('node_modules/esbuild/bin/esbuild');
  const { status, stderr } = spawnSync(
    esbuild,
    [
      'main.ts',
      '--bundle',
      '--format=esm',
      '--platform=node',
      '--outfile=built/bundle.js',
      '--external:better-sqlite3',
      '--external:jiti',
    ],
    { cwd: project, encoding: 'utf8' },
  );
  expect({ status, stderr: status === 0 ? '' : stderr }).toEqual({ status: 0, stderr: '' });
  expect(JSON.parse(succeed('built/bundle.js', 'state/bundle'))).toEqual(result);
});
