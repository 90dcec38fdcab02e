import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readCommandLine } from '../../../src/cli/command-line.ts';
import { commands } from '../../../src/cli/commands.ts';

const optionFlags = async (): Promise<string[]> => ['consumers', 'queue-high-items', 'state'];

async function read(text: string) {
  const request = await readCommandLine(text === '' ? [] : text.split(' '), optionFlags);
  if (request.do !== 'run') return request;
  const { command, operand, flags } = request.line;
  return { command: command.name, operand, flags };
}

async function problems(...argv: string[]): Promise<string[]> {
  const error = await readCommandLine(argv, optionFlags).catch((reason: unknown) => reason);
  expect(error).toMatchObject({ code: 'USAGE', exitCode: 64 });
  return (error as Error).message.split('\n').filter((line) => !line.startsWith('see millrace '));
}

const names = commands.map(({ name }) => name).join(', ');
const deadNames = 'ls, show, retry, edit, export, purge';

describe('a command line', () => {
  it.each([
    ['run a.ts', { command: 'run', operand: 'a.ts', flags: {} }],
    ['run a.ts --consumers 2 --fresh', { command: 'run', operand: 'a.ts', flags: { consumers: '2', fresh: true } }],
    ['run --consumers=2 a.ts', { command: 'run', operand: 'a.ts', flags: { consumers: '2' } }],
    ['run --consumers -1 a.ts', { command: 'run', operand: 'a.ts', flags: { consumers: '-1' } }],
    ['run --state=-x a.ts', { command: 'run', operand: 'a.ts', flags: { state: '-x' } }],
    ['run -- --odd.ts', { command: 'run', operand: '--odd.ts', flags: {} }],
    ['run a.ts --dry-run 3', { command: 'run', operand: 'a.ts', flags: { 'dry-run': '3' } }],
    ['status', { command: 'status', operand: undefined, flags: {} }],
    ['dead ls x --limit 5 --json', { command: 'dead ls', operand: 'x', flags: { limit: '5', json: true } }],
    ['dead retry 3 x 5-9,12', { command: 'dead retry', operand: 'x', flags: {} }],
  ])('is understood: %s', async (text, expected) => {
    expect(await read(text)).toEqual(expected);
  });

  it.each([
    ['', undefined],
    ['help', undefined],
    ['--help', undefined],
    ['-h', undefined],
    ['help run', 'run'],
    ['--help dead ls', 'dead ls'],
    ['run --help', 'run'],
    ['run a.ts --nonsense -h', 'run'],
    ['dead ls --help', 'dead ls'],
  ])('asks for help: %j', async (text, name) => {
    expect(await read(text)).toEqual({ do: 'help', of: commands.find((command) => command.name === name) });
  });

  it.each([
    ['dead --help', 'dead'],
    ['store -h', 'store'],
    ['help dead', 'dead'],
  ])('asks for help with the commands that begin with a word: %j', async (text, group) => {
    expect(await read(text)).toEqual({ do: 'help', of: group });
  });

  it('asks for the version: --version', async () => {
    expect(await read('--version')).toEqual({ do: 'version' });
  });

  it.each<[string, string[]]>([
    ['rnu a.ts', [`unknown command "rnu"; expected one of ${names}; did you mean "run"?`]],
    ['xyz', [`unknown command "xyz"; expected one of ${names}`]],
    ['dead', [`expected a command after dead: ${deadNames}`]],
    ['dead list', [`unknown command "dead list"; expected one of ${deadNames}`]],
    ['dead shwo 3', [`unknown command "dead shwo"; expected one of ${deadNames}; did you mean "show"?`]],
    ['--consumers 2', [`expected a command before --consumers: ${names}`]],
    ['--versoin', [`expected a command before --versoin: ${names}; did you mean "--version"?`]],
    ['run', ['expected <pipeline>, got nothing']],
    ['run a.ts b.ts', ['expected one <pipeline>, got "a.ts" and "b.ts"']],
    ['run a.ts --consumer 2', ['unknown option --consumer; did you mean "--consumers"?']],
    [
      'run a.ts --fersh --qeue-high-items 3',
      [
        'unknown option --fersh; did you mean "--fresh"?',
        'unknown option --qeue-high-items; did you mean "--queue-high-items"?',
      ],
    ],
    ['run a.ts -x', ['unknown option -x']],
    ['run a.ts --__proto__', ['unknown option --___proto___']],
    ['status --consumers 2', ['unknown option --consumers']],
    ['run a.ts --consumers', ['expected a value after --consumers']],
    ['run a.ts --consumers=', ['expected a value after --consumers']],
    ['run a.ts --consumers --fresh', ['expected a value after --consumers']],
    ['run a.ts --consumers 2 --consumers 3', ['--consumers is given more than once']],
    ['run a.ts --fresh=yes', ['--fresh takes no value']],
    ['run a.ts --no-fresh', ['unknown option --no-fresh; did you mean "--fresh"?']],
    ['run a.ts --fresh --again', ['--again and --fresh cannot be given together']],
    ['run a.ts --fresh --dry-run 2', ['--fresh and --dry-run cannot be given together']],
    ['status --json --ready', ['--json and --ready cannot be given together']],
    ['run a.ts --nope --consumers', ['unknown option --nope', 'expected a value after --consumers']],
  ])('is refused with what was expected: %s', async (text, expected) => {
    expect(await problems(...text.split(' '))).toEqual(expected);
  });

  it('is refused if its pipeline is empty', async () => {
    expect(await problems('run', '')).toEqual(['expected <pipeline>, got nothing']);
  });

  it('does not load the options if it can be read without them', async () => {
    await expect(readCommandLine(['run', 'a.ts', '--fresh'], refuseToLoad)).resolves.toMatchObject({ do: 'run' });
    await expect(readCommandLine(['status', '--consumers', '2'], refuseToLoad)).rejects.toMatchObject({
      code: 'USAGE',
    });
  });

  it('is understood or refused, whatever its words', async () => {
    const word = fc.oneof(
      fc.constantFrom(
        'run',
        'dead',
        'ls',
        'status',
        '--',
        '-',
        '--state',
        '--limit',
        '--fresh',
        '--consumers=3',
        '__proto__',
      ),
      fc.string({ unit: 'binary' }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(word, { maxLength: 6 }), async (argv) => {
        const outcome = await readCommandLine(argv, optionFlags).then(
          (request) => request.do,
          (error: unknown) => (error as { code?: string }).code,
        );
        expect(['run', 'help', 'version', 'USAGE']).toContain(outcome);
      }),
    );
  });
});

describe('the commands', () => {
  it('share no flag with the options', async () => {
    const { options } = await import('../../../src/config/schema.ts');
    const both = commands
      .filter((command) => command.options !== 'none')
      .flatMap(({ flags }) =>
        flags.map(({ name }) => name).filter((name) => options.some(({ flag }) => flag === name)),
      );
    expect(both).toEqual([]);
  });
});

function refuseToLoad(): never {
  throw new Error('the options were loaded');
}
