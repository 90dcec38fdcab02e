import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import Database from 'better-sqlite3';

const readme = readFileSync('README.md', 'utf8');
const commands = [...readme.matchAll(/^npx millrace (.*my-pipeline\.ts.*)$/gm)].map(([, command]) => command!);

let directory: string;
let vendor: ChildProcess;
/** A project that has installed the result of `npm pack`. */
let project: string;
let cli: string;

interface Manifest {
  bin: { millrace: string };
  exports: { '.': Record<string, string> };
  dependencies: Record<string, string>;
}

beforeAll(async () => {
  directory = mkdtempSync(path.join(tmpdir(), 'millrace-readme-'));
  project = path.join(directory, 'project');
  cli = path.join(project, 'node_modules/millrace', install().bin.millrace);
  vendor = spawn(
    process.execPath,
    ['--import', './scripts/typescript.mjs', 'examples/vendor/server.ts', '--port', '0'],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const [line] = (await once(createInterface({ input: vendor.stdout! }), 'line')) as [string];
  const pipeline = /^```ts\n([\s\S]*?)^```$/m.exec(readme)![1]!;
  for (const name of ['project', 'elsewhere']) {
    mkdirSync(path.join(directory, name), { recursive: true });
    const text = pipeline.replace('http://127.0.0.1:4151', line.replace('vendor on ', ''));
    writeFileSync(path.join(directory, name, 'my-pipeline.ts'), text);
  }
});

afterAll(async () => {
  vendor.kill('SIGKILL');
  await once(vendor, 'exit');
  rmSync(directory, { recursive: true });
});

/** Like `npm install` of the tarball, but with the dependencies that are installed here. */
function install(): Manifest {
  const installed = path.join(project, 'node_modules/millrace');
  mkdirSync(installed, { recursive: true });
  const packed = spawnSync('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', directory]);
  const [tarball] = readdirSync(directory).filter((name) => name.endsWith('.tgz'));
  if (packed.status !== 0 || tarball === undefined) throw new Error(`npm pack failed: ${packed.stderr.toString()}`);
  spawnSync('tar', ['-xzf', path.join(directory, tarball), '--strip-components=1', '-C', installed]);
  const manifest = JSON.parse(readFileSync(path.join(installed, 'package.json'), 'utf8')) as Manifest;
  for (const name of Object.keys(manifest.dependencies)) {
    const link = path.join(project, 'node_modules', name);
    mkdirSync(path.dirname(link), { recursive: true });
    symlinkSync(path.resolve('node_modules', name), link);
  }
  return manifest;
}

function millrace(
  command: string,
  cwd: string,
): { command: string; status: number | null; stdout: string; output: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [cli, ...command.split(' ')], {
    cwd,
    encoding: 'utf8',
  });
  return { command, status, stdout, output: status === 0 ? '' : stdout + stderr };
}

function rows(file: string): unknown[] {
  const database = new Database(file, { readonly: true });
  try {
    return database.prepare('SELECT * FROM pokemon ORDER BY id').all();
  } finally {
    database.close();
  }
}

const bulbasaur = { id: 1, name: 'bulbasaur', height: 7, weight: 69 };

test('the README’s pipeline can be checked, tried and run where the package is installed, with the commands in the README', () => {
  expect(commands.map((command) => command.split(' ')[0])).toEqual(['check', 'run', 'run']);
  const results = commands.map((command) => millrace(command, project));
  expect(results).toMatchObject(commands.map((command) => ({ command, status: 0, output: '' })));
  expect(results[1]!.stdout).toContain('bulbasaur');
  const loaded = rows(path.join(project, 'my-pipeline.db'));
  expect(loaded).toHaveLength(151);
  expect(loaded[0]).toEqual(bulbasaur);
});

test('the same pipeline runs in a directory that belongs to no project', () => {
  const elsewhere = path.join(directory, 'elsewhere');
  expect(millrace(commands.at(-1)!, elsewhere)).toMatchObject({ status: 0, output: '' });
  expect(rows(path.join(elsewhere, 'my-pipeline.db'))).toHaveLength(151);
});

test('the package has what a type checker and an importer look for', () => {
  const installed = path.join(project, 'node_modules/millrace');
  const manifest = JSON.parse(readFileSync(path.join(installed, 'package.json'), 'utf8')) as Manifest;
  const files = Object.values(manifest.exports['.']).map((file) => readFileSync(path.join(installed, file), 'utf8'));
  expect(files.length).toBeGreaterThan(1);
  for (const text of files) expect(text).toContain('definePipeline');
});
