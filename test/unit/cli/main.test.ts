import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { main } from '../../../src/cli/main.ts';
import { tellError } from '../../../src/cli/tell-error.ts';
import { configError, MillraceError } from '../../../src/core/errors.ts';
import { TestShell } from './a-shell.ts';

async function millrace(...argv: string[]) {
  const shell = new TestShell();
  const code = await main(argv, shell);
  return { code, stdout: shell.stdout, stderr: shell.stderr, exitedWith: shell.exitedWith };
}

describe('millrace', () => {
  it('prints its version', async () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    expect(await millrace('--version')).toEqual({ code: 0, stdout: `${version}\n`, stderr: '', exitedWith: undefined });
  });

  it('prints its help, to standard error if there was no command', async () => {
    const asked = await millrace('--help');
    expect(asked).toMatchObject({ code: 0, stdout: expect.stringContaining('Commands:'), stderr: '' });
    expect(await millrace()).toMatchObject({ code: 64, stdout: '', stderr: asked.stdout });
  });

  it('prints one line for each problem of a command line', async () => {
    expect(await millrace('run', 'a.ts', '--nope', '--nope2')).toMatchObject({
      code: 64,
      stderr: 'millrace: unknown option --nope\nmillrace: unknown option --nope2\nmillrace: see millrace run --help\n',
    });
  });
});

async function reported(error: unknown, isDebugging = false) {
  const shell = new TestShell();
  return { code: await tellError(error, shell, isDebugging), lines: shell.stderr.trimEnd().split('\n') };
}

describe('an error', () => {
  it('of Millrace is one line without a stack', async () => {
    expect(await reported(configError('X', 'expected this, got that'))).toEqual({
      code: 78,
      lines: ['millrace: expected this, got that'],
    });
  });

  it('cannot control the terminal', async () => {
    expect((await reported(configError('X', 'no file \u001b[2J\nand no other'))).lines).toEqual([
      'millrace: no file \\e[2J',
      'millrace: and no other',
    ]);
  });

  it('has its stack and that of its cause if debugging is on', async () => {
    const { lines } = await reported(configError('X', 'outer', new Error('inner')), true);
    expect(lines).toContainEqual(expect.stringMatching(/^ {4}at /));
    expect(lines).toContainEqual('caused by Error: inner');
  });

  it.each([new TypeError('x is not a function'), new MillraceError('BUG', 'impossible'), 'thrown text'])(
    'that is a bug is reported as a bug: %s',
    async (error) => {
      const { code, lines } = await reported(error);
      expect(code).toBe(1);
      expect(lines[0]).toBe('millrace: this is a bug in Millrace:');
      expect(lines).toHaveLength(3);
    },
  );
});
