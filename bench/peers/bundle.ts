import { mkdirSync, mkdtempSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import esbuild from 'esbuild';

const source = import.meta.dirname;

/** Bundles our part of the peers' programs. Returns their directory, from which Node can find their packages. */
export async function bundlePeers(): Promise<string> {
  const cache = join(source, '../node_modules/.cache');
  mkdirSync(cache, { recursive: true });
  const outdir = mkdtempSync(join(cache, 'peers-'));
  await esbuild.build({
    entryPoints: readdirSync(source)
      .filter((name) => name.endsWith('.mjs'))
      .map((name) => join(source, name)),
    outdir,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    packages: 'external',
    format: 'esm',
    platform: 'node',
    target: 'node20',
    logLevel: 'warning',
  });
  return outdir;
}
