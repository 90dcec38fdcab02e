import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import Database from 'better-sqlite3';

let folder: string;
let vendor: ChildProcess;

beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'millrace-readme-'));
  vendor = spawn(process.execPath, ['--import', 'jiti/register', 'examples/vendor/server.ts', '--port', '0'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(createInterface({ input: vendor.stdout! }), 'line')) as [string];
  const pipeline = /^```ts\n([\s\S]*?)^```$/m.exec(readFileSync('README.md', 'utf8'))![1]!;
  const vendorsUrl = line.replace('vendor on ', '');
  writeFileSync(path.join(folder, 'my-pipeline.ts'), pipeline.replace('http://127.0.0.1:4151', vendorsUrl));
});

afterEach(async () => {
  vendor.kill('SIGKILL');
  await once(vendor, 'exit');
  rmSync(folder, { recursive: true });
});

/** One of the README's commands, in a folder that belongs to no project. */
function millrace(command: string): { status: number | null; stdout: string; stderr: string } {
  const cli = path.resolve('dist/cli.js');
  return spawnSync(process.execPath, [cli, ...command.split(' ')], { cwd: folder, encoding: 'utf8' });
}

test('the README’s pipeline can be checked, tried and run with the commands that stand below it', () => {
  const commands = [...readFileSync('README.md', 'utf8').matchAll(/^npx millrace (.*my-pipeline\.ts.*)$/gm)].map(
    ([, command]) => command!,
  );
  expect(commands.map((command) => command.split(' ')[0])).toEqual(['check', 'run', 'run']);
  const results = commands.map((command) => ({ command, ...millrace(command) }));
  for (const { command, status, stdout, stderr } of results) {
    expect({ command, status, output: status === 0 ? '' : stdout + stderr }).toEqual({
      command,
      status: 0,
      output: '',
    });
  }
  expect(results[1]!.stdout).toContain('bulbasaur');

  const database = new Database(path.join(folder, 'my-pipeline.db'), { readonly: true });
  const [rows, first] = [
    database.prepare('SELECT count(*) FROM pokemon').pluck().get(),
    database.prepare('SELECT * FROM pokemon WHERE id = 1').get(),
  ];
  database.close();
  expect(rows).toBe(151);
  expect(first).toEqual({ id: 1, name: 'bulbasaur', height: 7, weight: 69 });
});
