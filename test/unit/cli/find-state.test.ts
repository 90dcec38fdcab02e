import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commands } from '../../../src/cli/commands.ts';
import { findState } from '../../../src/cli/find-state.ts';
import { Spool } from '../../../src/queue/spool/spool.ts';
import { describeIf } from '../../support/describe-if.ts';
import { TestShell } from './a-shell.ts';

let empty: string;
let one: string;
let many: string;

beforeAll(async () => {
  empty = await mkdtemp(join(tmpdir(), 'find-state-'));
  one = join(empty, 'one');
  many = join(empty, 'many');
  await mkdir(join(one, '.millrace', 'pokedex'), { recursive: true });
  await writeFile(join(one, '.millrace', 'a-file'), '');
  for (const name of ['b', 'a']) await mkdir(join(many, '.millrace', name), { recursive: true });
  await writeFile(join(one, 'my.ts'), "export default definePipeline({ name: 'from-file' })");
  await writeFile(join(one, 'odd.ts'), 'export default definePipeline({ name: NAME })');
});

afterAll(async () => {
  await rm(empty, { recursive: true });
});

function find(cwd: string, operand?: string, state?: string, environment: Record<string, string> = {}) {
  const shell = new TestShell(cwd);
  shell.environment = environment;
  const line = { command: commands[2]!, operand, seqs: [], repeated: {}, flags: state === undefined ? {} : { state } };
  return findState(line, shell);
}

describe('the state directory of a command', () => {
  it('is the one that the option names, if there is an option', () => {
    expect(find(one, undefined, 'here', { MILLRACE_STATE: '/there' })).toEqual({
      directory: join(one, 'here'),
      socketPath: join(one, 'here', 'control.sock'),
      name: undefined,
    });
  });

  it('is the one that the environment names, even if there is a name', () => {
    expect(find(one, 'x', undefined, { MILLRACE_STATE: '/there' })).toMatchObject({ directory: '/there', name: 'x' });
    expect(find(one, undefined, undefined, { STATE_DIRECTORY: '/var/lib/a:/b' }).directory).toBe('/var/lib/a');
  });

  it('is found by a name, or by the name in a file', () => {
    expect(find(one, 'x').directory).toBe(join(one, '.millrace', 'x'));
    expect(find(one, './my.ts')).toMatchObject({ directory: join(one, '.millrace', 'from-file'), name: 'from-file' });
  });

  it('is the only one that exists, if none is given', () => {
    expect(find(one)).toMatchObject({ directory: join(one, '.millrace', 'pokedex'), name: undefined });
  });

  it.each<[string, () => unknown, string]>([
    ['there is none', () => find(empty), 'there is none in'],
    ['there are several', () => find(many), 'there are several in'],
    ['there are several, which are listed', () => find(many), 'a, b'],
    [
      'it is neither a name nor a file',
      () => find(one, 'No.ts'),
      'expected the name of a pipeline or its file, got "No.ts"',
    ],
    ['it is a directory', () => find(one, '.'), 'expected the name of a pipeline or its file, got "."'],
    ['its name is not written in the file', () => find(one, 'odd.ts'), 'because it is not a literal'],
  ])('is not guessed if %s', (_, attempt, message) => {
    expect(attempt).toThrow(expect.objectContaining({ exitCode: 64, message: expect.stringContaining(message) }));
  });

  it('is found by a name in the root, or is the only one there', () => {
    const environment = { MILLRACE_STATE_ROOT: join(many, '.millrace'), STATE_DIRECTORY: '/var/lib/a' };
    expect(find(one, 'x', undefined, environment).directory).toBe(join(many, '.millrace', 'x'));
    expect(() => find(one, undefined, undefined, environment)).toThrow('there are several in');
    environment.MILLRACE_STATE_ROOT = join(one, '.millrace');
    expect(find(many, undefined, undefined, environment).directory).toBe(join(one, '.millrace', 'pokedex'));
  });

  it('is the only one that a supervisor holds, for commands that prefer running pipelines', async () => {
    const shell = new TestShell(many);
    const line = { command: commands[2]!, operand: undefined, seqs: [], repeated: {}, flags: {} };
    await writeFile(join(many, '.millrace', 'b', 'supervisor.pid'), '1');
    expect(findState(line, shell, { prefersRunning: true }).directory).toBe(join(many, '.millrace', 'b'));
    expect(() => findState(line, shell)).toThrow('there are several in');
    await writeFile(join(many, '.millrace', 'a', 'supervisor.pid'), '1');
    expect(() => findState(line, shell, { prefersRunning: true })).toThrow('there are several in');
  });
});

const isLinux = process.platform === 'linux';

describeIf(isLinux, 'only Linux shows which process holds a lock: finding a locked queue was not tested')(
  'the state directory of a command, among several',
  () => {
    it('is the only one locked by a process on this machine, if the other was killed or runs in another container', async () => {
      const root = join(empty, 'shared', '.millrace');
      for (const name of ['a', 'b']) {
        await mkdir(join(root, name), { recursive: true });
        await writeFile(join(root, name, 'supervisor.pid'), '1');
        Spool.open({ file: join(root, name, 'queue.db'), durability: 'full' }).close();
        await writeFile(join(root, name, 'supervisor.pid'), '1');
      }
      const hold = `const db = new (require('better-sqlite3'))(process.argv[1]);
        db.pragma('locking_mode = EXCLUSIVE'); db.exec('BEGIN IMMEDIATE'); console.log('locked'); setInterval(() => {}, 1000);`;
      const holder = spawn(process.execPath, ['--eval', hold, join(root, 'b', 'queue.db')], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      try {
        await once(holder.stdout, 'data');
        const shell = new TestShell(join(empty, 'shared'));
        const line = { command: commands[2]!, operand: undefined, seqs: [], repeated: {}, flags: {} };
        expect(findState(line, shell, { prefersRunning: true }).directory).toBe(join(root, 'b'));
      } finally {
        holder.kill('SIGKILL');
      }
    });
  },
);
