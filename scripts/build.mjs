/**
 * Builds dist/: declarations by tsc (which checks the types), code by esbuild.
 *
 * The entries are bundled because loading some hundreds of small files costs more than anything else at the start of a
 * process; better-sqlite3 (native) and jiti (loads itself lazily) stay outside. Everything is built in a separate
 * directory and swapped in at the end, and only if it differs, so that a process running from dist/ is not disturbed.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, cp, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import esbuild from 'esbuild';
import { licensesOf } from './third-party.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const dist = join(root, 'dist');
const staging = join(root, 'node_modules', '.cache', `millrace-build-${process.pid}`);
const manifest = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));

/** yargs reads its texts from a directory that it finds relative to its own file. Ours has only the English ones. */
const yargsTexts = {
  name: 'yargs-texts',
  setup(build) {
    build.onLoad({ filter: /yargs[/\\]lib[/\\]platform-shims[/\\]esm\.mjs$/ }, async ({ path }) => {
      const text = await readFile(path, 'utf8');
      const contents = text.replace("'../../../locales'", "'../locales'");
      if (contents === text) throw new Error(`${path}: the path of the locales has changed, see scripts/build.mjs`);
      return { contents, loader: 'js' };
    });
  },
};

try {
  await rm(staging, { recursive: true, force: true });
  await mkdir(staging, { recursive: true });
  const [metafile] = await both(bundle(), emitDeclarations());
  await Promise.all([keepPublicDeclarations(), writeLicenses(metafile), copyYargsTexts()]);
  await swapIn();
} catch (error) {
  // esbuild and tsc have already shown what is wrong with the sources.
  if (!error.reported && error.errors === undefined) console.error(error.message);
  console.error('build failed');
  process.exitCode = 1;
} finally {
  await rm(staging, { recursive: true, force: true });
}

/** Every file directly in src/ is an entry: a process, the command line, or what users import. */
async function bundle() {
  const entries = (await readdir(join(root, 'src'))).filter((name) => name.endsWith('.ts'));
  const { outputFiles, metafile } = await esbuild.build({
    absWorkingDir: root,
    entryPoints: entries.map((name) => `src/${name}`),
    outdir: 'dist',
    // Chunks are next to the entries, so that a path relative to import.meta.url is the same in both.
    chunkNames: '[name]-[hash]',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    sourcemap: 'linked',
    sourcesContent: false,
    legalComments: 'none',
    metafile: true,
    write: false,
    external: ['better-sqlite3', 'jiti'],
    // Bundled CommonJS libraries call require() for Node's own modules.
    banner: {
      js: "import { createRequire as __createRequire } from 'node:module';\nconst require = __createRequire(import.meta.url);",
    },
    // Its Node entry looks for a native helper, which cannot be bundled and must not be picked up by chance.
    alias: { msgpackr: join(root, 'node_modules', 'msgpackr', 'index.js') },
    plugins: [yargsTexts],
    logLevel: 'warning',
  });
  refuseLazyCommonJs(metafile);
  await Promise.all(outputFiles.map(async ({ path, text }) => await writeOutput(relative(dist, path), text)));
  return metafile;
}

/**
 * `await import('a CommonJS library')` has named exports under Node but only `default` in a bundle, and the types do
 * not show that. The way around it is also the better shape: one file of ours imports the library, and that file is
 * loaded lazily.
 */
function refuseLazyCommonJs({ inputs }) {
  for (const [file, { imports }] of Object.entries(inputs)) {
    for (const { path, kind, external, original } of imports) {
      if (kind !== 'dynamic-import' || external || inputs[path]?.format !== 'cjs') continue;
      throw new Error(
        `${file}: import('${original}') loads CommonJS: import it statically in a file of its own, and that file lazily`,
      );
    }
  }
}

/** Waits for both even if one fails: neither may write into a directory that is being removed. */
async function both(...tasks) {
  await Promise.allSettled(tasks);
  return await Promise.all(tasks);
}

async function writeOutput(name, text) {
  const file = join(staging, name);
  if (name === 'cli.js' && !text.startsWith('#!')) {
    await writeFile(file, `#!/usr/bin/env node\n${text}`);
  } else if (name === 'cli.js.map') {
    // Adds one line at the top of cli.js: in the source map format that is one semicolon.
    const map = JSON.parse(text);
    await writeFile(file, JSON.stringify({ ...map, mappings: `;${map.mappings}` }));
  } else {
    await writeFile(file, text);
  }
  if (name === 'cli.js') await chmod(file, 0o755);
}

async function copyYargsTexts() {
  await cp(join(root, 'node_modules/yargs/locales/en.json'), join(staging, 'locales/en.json'));
}

async function emitDeclarations() {
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  await run(process.execPath, [tsc, '-p', 'tsconfig.build.json', '--outDir', staging]);
}

/**
 * Keeps the declarations that users can import, and those that they import in turn; the others are internal. Every
 * import must exist for everyone who installs the package, so the public types must not contain a type of a bundled
 * library.
 */
async function keepPublicDeclarations() {
  const roots = Object.values(manifest.exports).flatMap(({ types }) => (types ? [join(root, types)] : []));
  const waiting = roots.map((file) => join(staging, relative(dist, file)));
  if (!waiting.every((file) => existsSync(file))) return;
  for (const file of waiting) {
    // Users may leave @types/node out of their "types", and the public types name Response, AbortSignal and Buffer.
    await writeFile(file, `/// <reference types="node" />\n${await readFile(file, 'utf8')}`);
  }
  const reached = new Set();
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (reached.has(file)) continue;
    reached.add(file);
    const text = (await readFile(file, 'utf8')).replace(/\/\*[\s\S]*?\*\//g, '');
    for (const [, specifier] of text.matchAll(/\b(?:from|import)\s*\(?\s*['"]([^'"]+)['"]/g)) {
      if (specifier.startsWith('.')) {
        waiting.push(resolve(dirname(file), specifier.replace(/\.(ts|js)$/, '.d.ts')));
      } else if (!specifier.startsWith('node:') && !isInstalledWithUs(specifier)) {
        const from = relative(staging, file);
        throw new Error(`${from} is part of the public types and imports '${specifier}', which is no dependency`);
      }
    }
  }
  for (const file of await filesIn(staging)) if (file.endsWith('.d.ts') && !reached.has(file)) await rm(file);
}

function isInstalledWithUs(specifier) {
  return Object.keys(manifest.dependencies).some((name) => specifier === name || specifier.startsWith(`${name}/`));
}

async function writeLicenses(metafile) {
  await writeFile(join(staging, 'THIRD-PARTY-LICENSES.txt'), await licensesOf(root, Object.keys(metafile.inputs)));
}

async function swapIn() {
  await removeEmptyDirectories(staging);
  if ((await fingerprint(staging)) === (await fingerprint(dist))) return;
  const old = `${staging}-old`;
  // Another build may do the same at the same time; the last one wins.
  for (let attempt = 1; ; attempt++) {
    try {
      if (existsSync(dist)) await rename(dist, old);
      await rename(staging, dist);
      break;
    } catch (error) {
      if (!['ENOENT', 'ENOTEMPTY', 'EEXIST'].includes(error.code) || attempt === 9) throw error;
    } finally {
      await rm(old, { recursive: true, force: true });
    }
  }
}

async function fingerprint(directory) {
  const hash = createHash('sha256');
  for (const file of (await filesIn(directory)).toSorted()) {
    hash.update(`${relative(directory, file)}\0`).update(await readFile(file));
  }
  return hash.digest('hex');
}

async function filesIn(directory) {
  if (!existsSync(directory)) return [];
  const found = await readdir(directory, { recursive: true, withFileTypes: true });
  return found.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

async function removeEmptyDirectories(directory) {
  const directories = (await readdir(directory, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted((a, b) => b.split(sep).length - a.split(sep).length);
  for (const path of directories) if ((await readdir(path)).length === 0) await rm(path, { recursive: true });
}

async function run(command, args) {
  const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
  const code = await new Promise((done, failed) => child.once('error', failed).once('close', done));
  if (code !== 0) throw Object.assign(new Error(`${args[0]} ended with ${code}`), { reported: true });
}
