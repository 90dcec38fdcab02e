import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';

const directory = mkdtempSync(join(tmpdir(), 'millrace-index-'));

afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** The files that `import 'millrace'` loads before anything is opened, with their size in bytes of code. */
function loadedByIndex(): Map<string, number> {
  const metafile = join(directory, 'meta.json');
  const args = ['--bundle', '--splitting', '--platform=node', '--format=esm', '--packages=external'];
  const out = [`--outdir=${directory}`, `--metafile=${metafile}`, '--log-level=error'];
  // Esbuild's command, because its JavaScript interface rejects byte arrays from jest's realm.
  execFileSync(resolve('node_modules/.bin/esbuild'), ['src/index.ts', ...args, ...out]);
  const { outputs } = JSON.parse(readFileSync(metafile, 'utf8')) as { outputs: Record<string, Output> };
  const index = Object.keys(outputs).find((name) => outputs[name]!.entryPoint === 'src/index.ts')!;
  // The loop also visits the files that it adds.
  const chunks = new Set([index]);
  for (const chunk of chunks) {
    for (const { path, kind, external } of outputs[chunk]!.imports) {
      if (kind === 'import-statement' && external !== true) chunks.add(path);
    }
  }
  const files = new Map<string, number>();
  for (const chunk of chunks) {
    for (const [file, { bytesInOutput }] of Object.entries(outputs[chunk]!.inputs)) files.set(file, bytesInOutput);
  }
  return files;
}

interface Output {
  entryPoint?: string;
  imports: { path: string; kind: string; external?: boolean }[];
  inputs: Record<string, { bytesInOutput: number }>;
}

/** Every process imports the package when it starts, and so do users' own tests. */
describe("importing 'millrace'", () => {
  const files = loadedByIndex();

  it('loads no code that reads, parses or writes: a source or sink loads it when it is opened', () => {
    const connectors = [...files.keys()].filter((file) => file.startsWith('src/connectors/'));
    expect(
      connectors.filter(
        (file) =>
          !/\/(from|to|fields|source|sink|options|header|types|where|file-path|identifier|key-columns)\.ts$/.test(file),
      ),
    ).toEqual([]);
  });

  it('loads less than 64 kB of code', () => {
    const bytes = [...files.values()].reduce((sum, each) => sum + each, 0);
    expect(bytes).toBeLessThan(64_000);
  });
});
