/** `npm run simulate`: bundles the simulation and runs it. See test/simulation/README.md. */
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const root = resolve(import.meta.dirname, '..');
const directory = join(root, 'node_modules/.cache/simulation');
const outfile = join(directory, 'simulation.mjs');

mkdirSync(directory, { recursive: true });
await build({
  entryPoints: [join(root, 'test/simulation/command.ts')],
  outfile,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  sourcemap: 'inline',
  logLevel: 'warning',
  external: ['better-sqlite3'],
  // CommonJS packages in the bundle expect these.
  banner: {
    js: "import { createRequire as $createRequire } from 'node:module'; const require = $createRequire(import.meta.url);",
  },
});
process.setSourceMapsEnabled(true);
const { simulate } = await import(pathToFileURL(outfile).href);
process.exitCode = await simulate(process.argv.slice(2), { print: console.log, now: () => performance.now() });
