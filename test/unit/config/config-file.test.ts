import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { configPath, readConfigFile } from '../../../src/config/config-file.ts';

const directory = mkdtempSync(join(tmpdir(), 'millrace-config-'));
const path = join(directory, 'millrace.yaml');
afterAll(() => rmSync(directory, { recursive: true }));

async function read(text: string): ReturnType<typeof readConfigFile> {
  writeFileSync(path, text);
  return await readConfigFile(path);
}

describe('the path of the config file', () => {
  it.each([
    ['a.yaml', 'b.yaml', 'a.yaml'],
    [undefined, 'b.yaml', 'b.yaml'],
    [undefined, '', undefined],
    [undefined, undefined, undefined],
  ])('with --config %p and MILLRACE_CONFIG=%p is %p', (flag, variable, expected) => {
    expect(configPath(flag, { MILLRACE_CONFIG: variable })).toBe(expected);
  });
});

describe('a config file', () => {
  it.each([
    ['', []],
    ['# only a comment\n', []],
    [
      'concurrency: 4\r\n# more\r\nstopTimeout: 10s\r\n',
      [
        ['concurrency', 4, 1],
        ['stopTimeout', '10s', 3],
      ],
    ],
    ['\uFEFFconcurrency: 4\n', [['concurrency', 4, 1]]],
    [
      '{ "concurrency": 4, "progress": "on" }',
      [
        ['concurrency', 4, 1],
        ['progress', 'on', 1],
      ],
    ],
    [
      'progress: off\ndurability: yes\nattempts: .nan',
      [
        ['progress', 'off', 1],
        ['durability', 'yes', 2],
        ['attempts', Number.NaN, 3],
      ],
    ],
    [
      'redact: [email, 7, [iban]]\nstate:\n  - a',
      [
        ['redact', ['email', 7, {}], 1],
        ['state', ['a'], 2],
      ],
    ],
    [
      'attempts:\nstate: ~',
      [
        ['attempts', null, 1],
        ['state', null, 2],
      ],
    ],
    [
      'queueMemory: { a: 1 }\nstate: [1]',
      [
        ['queueMemory', {}, 1, [{ name: 'a', value: 1, line: 1 }]],
        ['state', [1], 2],
      ],
    ],
    [
      '__proto__: 1\nconstructor: 2\n5: 3',
      [
        ['__proto__', 1, 1],
        ['constructor', 2, 2],
        ['5', 3, 3],
      ],
    ],
  ])('%j returns its entries with their lines', async (text, entries) => {
    expect(await read(text)).toEqual({
      path,
      problems: [],
      entries: entries.map(([name, value, line, named]) => ({ name, value, line, ...(named && { entries: named }) })),
    });
  });

  it.each([
    ['attempts: 3\nattempts: 4\n', ':2:1: Map keys must be unique'],
    ['attempts: 3\n\tconcurrency: 4\n', ':2:1: Tabs are not allowed as indentation'],
    ['attempts: "3\n', ':2:1: Missing closing "quote'],
    ['attempts: *nobody\n', ':1:1: expected a value, got the alias *nobody'],
    ['state: !!js/function x\n', ':1:8: Unresolved tag: tag:yaml.org,2002:js/function'],
    ['attempts: 3\n---\nattempts: 4\n', ':2:1: expected the end of the file, got a second document'],
    ['- attempts\n', ':1:1: expected lines such as "concurrency: 16"'],
    ['attempts', ':1:1: expected lines such as "concurrency: 16"'],
  ])('%j is refused with line and column', async (text, problem) => {
    const { problems } = await read(text);
    expect(problems).toEqual([expect.stringContaining(path + problem)]);
  });

  it('is read without expanding its aliases, even if they multiply', async () => {
    const levels = Array.from({ length: 30 }, (_, i) => `l${i + 1}: &l${i + 1} [${`*l${i},`.repeat(10)}]`);
    const { problems, entries } = await read(['l0: &l0 x', ...levels, 'attempts: *l30'].join('\n'));
    expect(problems).toEqual([`${path}:32:1: expected a value, got the alias *l30`]);
    expect(entries).toHaveLength(31);
  });

  it('is refused if it is too large for a list of options', async () => {
    const { problems } = await read(`#${' '.repeat(1024 * 1024)}`);
    expect(problems).toEqual([`${path}: expected at most 1MiB, got 1048577 bytes`]);
  });

  it.each([
    ['nowhere.yaml', 'no such config file'],
    ['directory.yaml', 'expected a YAML file, got a directory'],
    ['millrace.yaml/deeper.yaml', 'cannot be read: ENOTDIR: not a directory'],
  ])('cannot be read from %s', async (name, problem) => {
    mkdirSync(join(directory, 'directory.yaml'), { recursive: true });
    writeFileSync(path, '');
    const { problems } = await readConfigFile(join(directory, name));
    expect(problems).toEqual([expect.stringContaining(`${join(directory, name)}: ${problem}`)]);
  });
});
