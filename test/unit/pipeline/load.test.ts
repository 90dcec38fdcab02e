import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import * as millrace from '../../../src/index.ts';
import { type LoadedPipeline, loadPipeline } from '../../../src/pipeline/load.ts';
import { formatProblems } from '../../../src/pipeline/problems.ts';

const fixtures = resolve('test/fixtures/pipelines');
const scratch = mkdtempSync(join(tmpdir(), 'millrace-load-'));
const cacheDirectory = join(scratch, 'cache');
afterAll(() => rmSync(scratch, { recursive: true }));

async function load(file: string, directory: string = fixtures): Promise<LoadedPipeline> {
  return await loadPipeline(join(directory, file), { millrace, cacheDirectory });
}

describe('a pipeline file', () => {
  it('is loaded and described if it is in TypeScript, with top-level await and a part in another file', async () => {
    const { pipeline, description, problems } = await load('full.ts');
    expect(problems).toEqual([]);
    expect(description).toEqual({
      name: 'full',
      params: {},
      secrets: [],
      settles: false,
      limits: { vendor: { concurrency: 10, rate: { count: 100, perMs: 1000 } } },
      options: { concurrency: 4, stopTimeout: '10s' },
      optionLines: { concurrency: 22, stopTimeout: 23 },
      fingerprint: expect.stringMatching(/^[0-9a-f]{64}$/),
      code: expect.stringMatching(/^[0-9a-f]{64}$/),
      deterministic: false,
      source: { kind: 'items', target: '' },
      sink: {
        kind: 'discard',
        delivery: 'call',
        target: 'nowhere',
        options: expect.stringMatching(/^[0-9a-f]{64}$/),
      },
    });
    const items: unknown[] = [];
    const source = pipeline?.source as () => AsyncIterable<unknown>;
    for await (const item of source()) items.push(item);
    expect(items).toEqual([{ id: 1 }, { id: 2 }, { id: 3 }]);
  });

  it.each([
    ['plain.js', 'plain'],
    ['module.mjs', 'module'],
    ['common.cjs', 'common'],
  ])('is loaded from %s', async (file, name) => {
    const { description, problems } = await load(file);
    expect(problems).toEqual([]);
    expect(description).toMatchObject({ name, limits: {}, options: {}, optionLines: {}, deterministic: true });
  });

  it('receives our exports, so that it need not be in a project that has the package', async () => {
    cpSync(join(fixtures, 'module.mjs'), join(scratch, 'module.mjs'));
    cpSync(join(fixtures, 'items.mjs'), join(scratch, 'items.mjs'));
    const ours = {
      ...millrace,
      definePipeline: (definition: object) => ({ ...pipelineOf(definition), version: 'ours' }),
    };
    const { description } = await loadPipeline(join(scratch, 'module.mjs'), { millrace: ours, cacheDirectory });
    expect(description?.fingerprint).toBe('version ours');
  });

  it('is translated once and then read from the cache, which is only for this user', async () => {
    await load('full.ts');
    expect(readdirSync(cacheDirectory)).toEqual(expect.arrayContaining([expect.stringContaining('pipelines-full.')]));
    expect(statSync(cacheDirectory).mode & 0o777).toBe(0o700);
  });

  it.each(['/dev/null/cache', '/sys/nobody/cache'])('is loaded without a cache in %s', async (directory) => {
    const options = { millrace, cacheDirectory: directory };
    expect((await loadPipeline(join(fixtures, 'full.ts'), options)).problems).toEqual([]);
  });

  it('is loaded even if the cache cannot be written', async () => {
    await load('full.ts');
    const unwritable = join(scratch, 'unwritable');
    mkdirSync(unwritable);
    for (const name of readdirSync(cacheDirectory)) symlinkSync('/nowhere/at/all', join(unwritable, name));
    const options = { millrace, cacheDirectory: unwritable };
    expect((await loadPipeline(join(fixtures, 'full.ts'), options)).problems).toEqual([]);
  });
});

describe('the fingerprint of a pipeline', () => {
  it('is its version if it has one', async () => {
    expect((await load('plain.js')).description?.fingerprint).toBe('version 7');
  });

  it('changes with the file and its imports, and not with the directory', async () => {
    const first = await copyAndFingerprint('first', 1);
    expect(await copyAndFingerprint('second', 1)).toBe(first);
    expect(await copyAndFingerprint('third', 2)).not.toBe(first);
  });
});

async function copyAndFingerprint(name: string, value: number): Promise<string | undefined> {
  const directory = join(scratch, name);
  cpSync(join(fixtures, 'full.ts'), join(directory, 'full.ts'));
  writeFileSync(join(directory, 'part.ts'), `export const first = ${value};\n`);
  return (await load('full.ts', directory)).description?.fingerprint;
}

function pipelineOf(definition: object): millrace.Pipeline {
  return millrace.definePipeline(definition as Parameters<typeof millrace.definePipeline>[0]);
}

const slug = 'expected lowercase letters, digits and "-", at most 41 characters, not beginning with "-"';
const source = 'expected a generator function, or an iterable other than text';
const sink = 'expected a sink such as to.sqlite({ … })';
const exports = 'expected what definePipeline({ … }) returns';

describe('the problem', () => {
  it.each([
    ['nowhere.ts', 'nowhere.ts: there is no such file'],
    ['directory.ts', 'directory.ts: is a directory; expected a TypeScript or JavaScript file'],
    ['text.txt', 'text.txt: expected a file that ends in .ts, .mts, .cts, .js, .mjs, .cjs'],
    ['syntax.broken.ts', 'syntax.broken.ts:4: syntax error at column 9: Unterminated string constant.'],
    ['syntax-in-import.broken.ts', 'syntax.broken.ts:4: syntax error at column 9: Unterminated string constant.'],
    ['missing-file.broken.ts', 'missing-file.broken.ts:3: cannot find module "./nowhere.ts"; does the file exist?'],
    [
      'missing-package.broken.mjs',
      'missing-package.broken.mjs:3: cannot find package "@nobody/has-this/deep"; is it installed where this file can see it?',
    ],
    ['throws.broken.ts', 'throws.broken.ts:8:9: threw while it was imported: API_KEY is not set'],
    [
      'throws-text.broken.ts',
      'throws-text.broken.ts: threw while it was imported: a string was thrown: no error at all',
    ],
    [
      'misspelt-import.broken.ts',
      'misspelt-import.broken.ts:3:29: "millrace" exports no "definePipelin"; did you mean "definePipeline"?',
    ],
    ['nothing.broken.ts', 'nothing.broken.ts: no default export; expected export default definePipeline({ … })'],
    [
      'no-default.broken.ts',
      'no-default.broken.ts:3: no default export, but a pipeline named "numbers": expected export default definePipeline({ … })',
    ],
    [
      'default-function.broken.ts',
      `default-function.broken.ts:3: the default export is a function; ${exports}: export the pipeline itself, not a function`,
    ],
    [
      'default-object.broken.ts',
      `default-object.broken.ts:4: the default export is an object; ${exports}: wrap it in definePipeline`,
    ],
    ['default-text.broken.cjs', `default-text.broken.cjs:1: the default export is "a pipeline"; ${exports}`],
    [
      'not-an-object.broken.js',
      'not-an-object.broken.js:3:30: threw while it was imported: definePipeline expects an object with name, source and sink, got "a name"',
    ],
  ])('of %s is shown as one line with its place', async (file, line) => {
    expect(formatProblems((await load(file)).problems, fixtures)).toBe(line);
  });

  it('of a sink is shown at the line of the pipeline that created it', async () => {
    const lines = formatProblems((await load('throws-in-sink.broken.ts')).problems, fixtures);
    expect(lines).toMatch(/^throws-in-sink\.broken\.ts:6:\d+: to\.sqlite\(\): file: expected/);
  });

  it.each([
    [
      'fields.broken.ts',
      [
        `4: name: ${slug}, got "Wrong Name"`,
        '6: limits.vendor.concurrency: expected a whole number from 1, got 0',
        '6: limits.vendor.rate: expected a rate such as "100/s" or "600/min", got "fast"',
        '7: limits.sink:mine: names that begin with "sink:" are reserved for sinks; choose another',
        '8: limits.empty: expected a concurrency, a rate, or both, got neither',
        '9: limits.slip.concurency: a limit has no such field; did you mean "concurrency"?',
        `11: source: ${source}, got "text"`,
        '12: setup: expected a function, got 1',
        '13: proces: a pipeline has no such field; did you mean "process"?',
        '14: teardown: expected a function, got an object',
        `15: sink: ${sink}, got a function; call it, for instance to.stdout()`,
        '17: options.concurrency: expected text, a number or a list of these, got a function',
        '19: version: expected text, got 2',
        '20: deterministic: expected true or false, got "no"',
      ],
    ],
    [
      'empty.broken.ts',
      [`3: name: ${slug}, got nothing`, `3: source: ${source}, got nothing`, `3: sink: ${sink}, got nothing`],
    ],
    ['elsewhere.broken.ts', ['7: limits.vendor.rate: expected a rate such as "100/s" or "600/min", got "fast"']],
    [
      'limits.broken.ts',
      [
        '7: limit: unknown limit "vendorr" (declared: vendor, other); did you mean "vendor"?',
        '11: limit: unknown limit "archive" (declared: vendor, other)',
        '13: limit: unknown limit "database" (declared: vendor, other)',
      ],
    ],
    [
      'memory.broken.ts',
      [
        '6: sink: expected a sink that keeps the results, got to.memory(), which holds them in a consumer and loses them when it ends; use to.sqlite({ … }) or to.stdout(), or to.discard() if you do not need the results',
      ],
    ],
    [
      'params.broken.ts',
      [
        '12: source.path: uses another param town than the one in params; make it once, const town = …, and use that in both places',
        '12: source.path: uses the param shelv, which params does not have (declared: shelf, town); did you mean "shelf"?',
        '14: process.sheet: uses the param shelv, which params does not have (declared: shelf, town); did you mean "shelf"?',
        '20: sink.sinks[0].file: uses a param that params does not have (declared: shelf, town); make it once, const shelf = param.string(), and declare it: params: { shelf }',
      ],
    ],
    [
      'no-params.broken.ts',
      [
        '7: source.path: uses the param shelf, which params does not have (the pipeline declares none); declare it: params: { shelf }',
      ],
    ],
    [
      'columns.broken.ts',
      [
        '7: sink.sinks[0].key: "shelf" is not a column of the source, whose rows go to the sink as they are; did you mean "self"?',
        '7: sink.sinks[0].key: "lent" is true or false in the source, which cannot be a key; leave it as text there',
        '7: sink.sinks[0].newest: "changed" is not a column of the source, whose rows go to the sink as they are; the columns are id, self, lent',
      ],
    ],
    ['no-limits.broken.ts', ['6: limit: unknown limit "vendor" (the pipeline declares none)']],
  ])('of each field in %s is shown at its line', async (file, lines) => {
    const { pipeline, description, problems } = await load(file);
    expect(formatProblems(problems, fixtures).split('\n')).toEqual(lines.map((line) => `${file}:${line}`));
    expect({ pipeline, description }).toEqual({ pipeline: null, description: null });
  });

  it('is one line, even if its message has several', () => {
    expect(formatProblems([{ file: '/c/b.ts', line: 1, message: 'a\n  b\n' }], '/c')).toBe('b.ts:1: a b ');
  });

  it('is shown with the whole path if the file is outside the directory', () => {
    expect(formatProblems([{ file: '/a/b.ts', field: 'name', message: 'no' }], '/c')).toBe('/a/b.ts: name: no');
  });
});

describe('a pipeline in a project with a tsconfig.json', () => {
  const project = join(scratch, 'project');
  const pipeline = (what: string): string => `import { definePipeline, to } from 'millrace';
import { ${what} } from '@lib/part';
export default definePipeline({ name: 'aliased', source: ${what}, sink: to.discard() });`;

  it('imports by its paths, and the imported files count as parts of it', async () => {
    mkdirSync(join(project, 'src/lib'), { recursive: true });
    mkdirSync(join(project, 'pipelines'));
    const paths = `{ /* a comment */ "compilerOptions": { "baseUrl": ".", "paths": { "@lib/*": ["./src/lib/*"], }, } }`;
    writeFileSync(join(project, 'tsconfig.json'), paths);
    writeFileSync(join(project, 'src/lib/part.ts'), 'export const items: number[] = [1, 2];');
    writeFileSync(join(project, 'pipelines/p.ts'), pipeline('items'));
    const first = await load('p.ts', join(project, 'pipelines'));
    expect(first.problems).toEqual([]);
    expect(first.pipeline?.source).toEqual([1, 2]);
    writeFileSync(join(project, 'src/lib/part.ts'), 'export const items: number[] = [1, 2, 3];');
    const second = await load('p.ts', join(project, 'pipelines'));
    expect(second.description?.fingerprint).not.toBe(first.description?.fingerprint);
  });

  it('gets the running millrace, whatever the paths map it to, and those files are no part of it', async () => {
    const paths = `{ "compilerOptions": { "paths": { "millrace": ["./types.ts"], "@lib/*": ["./src/lib/*"] } } }`;
    writeFileSync(join(project, 'tsconfig.json'), paths);
    writeFileSync(join(project, 'types.ts'), 'throw new Error("for the type check only");');
    const first = await load('p.ts', join(project, 'pipelines'));
    expect(first.problems).toEqual([]);
    writeFileSync(join(project, 'types.ts'), 'throw new Error("changed");');
    const second = await load('p.ts', join(project, 'pipelines'));
    expect(second.description?.fingerprint).toBe(first.description?.fingerprint);
  });

  it.each(['{ "extends": "./nowhere.json" }', '{ "paths": '])(
    'is loaded even if its tsconfig.json is broken: %s',
    async (text) => {
      writeFileSync(join(scratch, 'tsconfig.json'), text);
      writeFileSync(join(scratch, 'plain.ts'), pipeline('items').replace('@lib/part', './items.ts'));
      writeFileSync(join(scratch, 'items.ts'), 'export const items = [1];');
      const { problems } = await load('plain.ts', scratch);
      rmSync(join(scratch, 'tsconfig.json'));
      expect(problems).toEqual([]);
    },
  );
});
