import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { exitCodes } from '../../src/core/exit-codes.ts';

const documents = ['README.md', 'docs/pipeline.md', 'docs/operations.md', 'CONTRIBUTING.md', 'SECURITY.md'];

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
  let folder: string;

  // A project of its own that has Millrace installed: within the repository, so that nothing else is found.
  beforeAll(() => {
    mkdirSync('node_modules/.cache', { recursive: true });
    folder = mkdtempSync(path.resolve('node_modules/.cache/readme-'));
    mkdirSync(path.join(folder, 'node_modules'));
    symlinkSync(path.resolve('.'), path.join(folder, 'node_modules/millrace'));
    writeFileSync(path.join(folder, 'package.json'), '{ "type": "module" }');
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test('compiles, strictly, with the types that the package has', () => {
    const code = blocks.filter(({ language }) => language === 'ts');
    const places = new Map(code.map(({ place }, i) => [`block-${i + 1}.ts`, place]));
    for (const [i, block] of code.entries()) writeFileSync(path.join(folder, `block-${i + 1}.ts`), block.code);
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
    writeFileSync(path.join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }));

    const tsc = path.resolve('node_modules/typescript/bin/tsc');
    const { stdout } = spawnSync(process.execPath, [tsc, '--pretty', 'false'], { cwd: folder, encoding: 'utf8' });
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

  test('names only npm scripts that there are', () => {
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

  test('uses only commands and flags that `--help` knows', () => {
    const uses = documents.flatMap(millraceUses);
    const commands = [...new Set(uses.map(({ command }) => command))];
    expect(commands.toSorted()).toEqual(['check', 'dead ls', 'run', 'status']);
    const unknown = commands.flatMap((command) => {
      const { status, stdout } = spawnSync(process.execPath, ['dist/cli.js', ...command.split(' '), '--help'], {
        encoding: 'utf8',
      });
      if (status !== 0) return [`${command} --help ended with ${status}`];
      return uses
        .filter((use) => use.command === command)
        .flatMap(({ place, flags }) => flags.map((flag) => ({ place, flag })))
        .filter(({ flag }) => !new RegExp(`${flag}\\b`).test(stdout))
        .map(({ place, flag }) => `${place}: ${command} ${flag}`);
    });
    expect(unknown).toEqual([]);
  });
});

/** Every `millrace …` in a document, in a block or in a line. */
function millraceUses(file: string): { place: string; command: string; flags: string[] }[] {
  const lines = readFileSync(file, 'utf8').split('\n');
  return lines.flatMap((line, i) =>
    [...line.matchAll(/\bmillrace (run|check|status|dead ls)\b([^`>|]*)/g)].map(([, command = '', rest = '']) => ({
      place: `${file}:${i + 1}`,
      command,
      flags: [...rest.matchAll(/(?<=\s)--[a-z-]+/g)].map(([flag]) => flag),
    })),
  );
}
