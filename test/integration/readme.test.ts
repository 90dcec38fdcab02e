import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { commands, commandsOf } from '../../src/cli/commands.ts';
import { options } from '../../src/config/schema.ts';
import { exitCodes } from '../../src/core/exit-codes.ts';

const documents = [
  'README.md',
  'CHANGELOG.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  'test/simulation/README.md',
  ...readdirSync('docs', { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

interface Block {
  /** Such as `README.md:53`. */
  place: string;
  language: string;
  code: string;
}

function blocksOf(file: string): Block[] {
  const text = readFileSync(file, 'utf8');
  return [...text.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map(({ index, 1: language = '', 2: code = '' }) => ({
    place: `${file}:${text.slice(0, index).split('\n').length + 1}`,
    language,
    code,
  }));
}

const blocks = documents.flatMap(blocksOf);

describe('code in the documentation', () => {
  let directory: string;

  // A separate project that has Millrace installed: within the repository, so that nothing else is found.
  beforeAll(() => {
    mkdirSync('node_modules/.cache', { recursive: true });
    directory = mkdtempSync(path.resolve('node_modules/.cache/readme-'));
    mkdirSync(path.join(directory, 'node_modules'));
    symlinkSync(path.resolve('.'), path.join(directory, 'node_modules/millrace'));
    writeFileSync(path.join(directory, 'package.json'), '{ "type": "module" }');
  });
  afterAll(() => rmSync(directory, { recursive: true }));

  test('compiles in strict mode with the types of the package', () => {
    const code = blocks.filter(({ language }) => language === 'ts');
    const places = new Map(code.map(({ place }, i) => [`block-${i + 1}.ts`, place]));
    for (const [i, block] of code.entries()) writeFileSync(path.join(directory, `block-${i + 1}.ts`), block.code);
    const compilerOptions = {
      strict: true,
      noUncheckedIndexedAccess: true,
      exactOptionalPropertyTypes: true,
      noEmit: true,
      target: 'es2022',
      module: 'nodenext',
      skipLibCheck: true,
      types: [],
    };
    writeFileSync(path.join(directory, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }));

    const tsc = path.resolve('node_modules/typescript/bin/tsc');
    const { stdout } = spawnSync(process.execPath, [tsc, '--pretty', 'false'], { cwd: directory, encoding: 'utf8' });
    const errors = stdout.replace(/^block-\d+\.ts/gm, (name) => `${places.get(name)}, line`);
    expect(errors).toBe('');
    expect(code.length).toBeGreaterThan(5);
  });
});

describe('the documentation', () => {
  test.each(documents)('%s links only to what is there', (file) => {
    const links = [...readFileSync(file, 'utf8').matchAll(/\]\(([^)]+)\)/g)].map(([, link]) => link!);
    const missing = links
      .filter((link) => !link.startsWith('https:'))
      .map((link) => path.join(path.dirname(file), link.replace(/#.*$/, '')))
      .filter((target) => !existsSync(target));
    expect(missing).toEqual([]);
  });

  test('names only npm scripts that exist', () => {
    const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> };
    const named = documents.flatMap((file) =>
      [...readFileSync(file, 'utf8').matchAll(/\bnpm run ([\w:-]+)/g)].map(([, name]) => name!),
    );
    expect(named.length).toBeGreaterThan(1);
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });

  test('has every exit code, each once', () => {
    const table = /^## Exit codes$([\s\S]*?)^## /m.exec(readFileSync('README.md', 'utf8'))?.[1] ?? '';
    const listed = [...table.matchAll(/^\| (\d+) \|/gm)].map(([, code]) => Number(code));
    expect(listed).toEqual(Object.values(exitCodes).toSorted((a, b) => a - b));
  });

  test('uses only commands and flags that exist', () => {
    const uses = documents.flatMap(millraceUses);
    expect(new Set(uses.map(({ command }) => command)).size).toBeGreaterThan(10);
    const unknown = uses.flatMap(({ place, command, flags }) => {
      const known = commands.find(({ name }) => name === command);
      if (known === undefined) return commandsOf(command).length > 0 ? [] : [`${place}: ${command}`];
      const names = [...known.flags.map(({ name }) => name), ...(known.options === 'none' ? [] : optionFlags)];
      return flags.filter((flag) => !names.includes(flag)).map((flag) => `${place}: ${command} --${flag}`);
    });
    expect(unknown).toEqual([]);
  });
});

const optionFlags = options.map(({ flag }) => flag);

/** Every `millrace …` in a document's code, in blocks and in lines. */
function millraceUses(file: string): { place: string; command: string; flags: string[] }[] {
  let isBlock = false;
  return readFileSync(file, 'utf8')
    .split('\n')
    .flatMap((line, i) => {
      if (line.startsWith('```')) isBlock = !isBlock;
      const pieces = isBlock ? [line] : [...line.matchAll(/`([^`]+)`/g)].map(([, piece]) => piece!);
      return pieces.flatMap((piece) =>
        [...piece.matchAll(/(?:^|\s)millrace ([a-z]+)(?: ([a-z]+))?([^|]*)/g)].map(([, first, second, rest = '']) => ({
          place: `${file}:${i + 1}`,
          command: commands.some(({ name }) => name === `${first} ${second}`) ? `${first} ${second}` : first!,
          flags: [...rest.matchAll(/(?<=\s)--([a-z-]+)/g)].map(([, flag]) => flag!),
        })),
      );
    });
}
