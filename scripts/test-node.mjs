/**
 * `npm run test:node -- 22 24 26`: runs the tests on other Node lines, each in a copy of this checkout.
 *
 *   npm run test:node -- 24 --parts unit,integration     these parts only
 *   npm run test:node -- 24 --parts unit test/unit/ipc   these test files only
 *   npm run test:node -- 24 --without test/simulation    all but these test files
 *
 * Node comes from the npm package `node-PLATFORM-ARCH`, which ships the binary and its headers. better-sqlite3 is
 * compiled against those headers, once for each of its versions and each ABI. Both stay in a cache directory outside the
 * checkout ($XDG_CACHE_HOME, or ~/.cache), because `npm ci` deletes node_modules. npm is that of this machine, run by
 * the Node under test.
 */
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join, relative, resolve, sep } from 'node:path';
import { parseArgs } from 'node:util';

const root = resolve(import.meta.dirname, '..');
const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'millrace-test-node');
/** Formatting, lint, type checks of the sources, and knip do not depend on the Node that runs them. */
const scripts = {
  types: 'test:types',
  simulation: 'test:simulation',
  unit: 'test:unit',
  integration: 'test:integration',
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    parts: { type: 'string', default: Object.keys(scripts).join() },
    without: { type: 'string', multiple: true, default: [] },
  },
});
const lines = positionals.filter((word) => /^\d+(\.\d+)*$/.test(word));
const paths = positionals.filter((word) => !lines.includes(word));
const parts = values.parts.split(',');
// Paths first: the option of Jest takes all words that follow it.
const selected = [...paths, ...values.without.map((path) => `--testPathIgnorePatterns=${path}`)];
const unknown = parts.filter((part) => !(part in scripts));

if (lines.length === 0 || unknown.length > 0) {
  for (const part of unknown) console.error(`unknown part: ${part}`);
  console.error(
    `usage: npm run test:node -- LINE… [--parts ${Object.keys(scripts).join()}] [--without TEST_PATH] [TEST_PATH…]`,
  );
  process.exitCode = 64;
} else {
  const results = [];
  for (const line of lines) results.push(await testLine(line));
  console.log(`\n${results.map(({ node, failed }) => summary(node, failed)).join('\n')}`);
  if (results.some(({ failed }) => failed.length > 0)) process.exitCode = 1;
}

function summary(node, failed) {
  return failed.length === 0 ? `✓ ${node}: ${parts.join(', ')} passed` : `✗ ${node}: ${failed.join(', ')} failed`;
}

/** Runs all parts even if one fails, because Node lines differ in more than one way. */
async function testLine(line) {
  let node = `Node ${line}`;
  const failed = [];
  let checkout;
  try {
    const home = installNode(line);
    const env = { ...process.env, PATH: [join(home, 'bin'), process.env.PATH].join(delimiter) };
    node = `Node ${output('node', ['--version'], env).slice(1)}`;
    console.log(`\n━━ ${node}, npm ${output('npm', ['--version'], env)} ${'━'.repeat(50)}`);
    mkdirSync(cache, { recursive: true });
    checkout = mkdtempSync(join(cache, 'checkout-'));
    copyCheckout(checkout);
    addDatabase(checkout, home, env);
    for (const script of ['build', ...parts.map((part) => scripts[part])]) {
      console.log(`\n── ${script}, ${node} ${'─'.repeat(50)}`);
      const isTest = [scripts.unit, scripts.integration].includes(script);
      const code = await run(['run', '--silent', script, ...(isTest ? ['--', ...selected] : [])], checkout, env);
      if (code !== 0) failed.push(script.replace('test:', ''));
      if (script === 'build' && code !== 0) break;
    }
  } catch (error) {
    console.error(error.message);
    failed.push('setup');
  } finally {
    if (checkout !== undefined) rmSync(checkout, { recursive: true, force: true });
  }
  return { node, failed };
}

/** Returns the directory that holds bin/node and include/node. Uses the latest release of the line that npm offers. */
function installNode(line) {
  const name = `node-${process.platform}-${process.arch}`;
  const directory = join(cache, `node-${line}`);
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, 'package.json'), '{}\n');
  const options = ['--no-save', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel', 'error'];
  const { status } = spawnSync('npm', ['install', '--prefix', directory, ...options, `${name}@${line}`], {
    cwd: directory,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const home = join(directory, 'node_modules', name);
  if (!existsSync(join(home, 'bin', 'node'))) throw new Error(`npm could not install ${name}@${line}`);
  if (status !== 0) console.error(`npm could not look for a newer ${name}@${line}: using the one installed before`);
  return home;
}

function copyCheckout(target) {
  const left = new Set(['.git', 'dist', '.millrace', 'node_modules/.cache', 'node_modules/better-sqlite3/build']);
  cpSync(root, target, {
    recursive: true,
    verbatimSymlinks: true,
    filter: (source) => !left.has(relative(root, source).split(sep).join('/')),
  });
}

function addDatabase(checkout, home, env) {
  const directory = join(checkout, 'node_modules/better-sqlite3');
  const { version } = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));
  const abi = output('node', ['-p', 'process.versions.modules'], env);
  const kept = join(cache, `better-sqlite3-${version}-abi-${abi}-${process.platform}-${process.arch}.node`);
  const binary = join(directory, 'build/Release/better_sqlite3.node');
  if (!existsSync(kept)) {
    console.log(`compiling better-sqlite3 ${version} for ABI ${abi}: takes some minutes, once`);
    const compileEnv = { ...env, npm_config_nodedir: home, npm_config_build_from_source: 'true' };
    const { status, stdout } = spawnSync('npm', ['rebuild', 'better-sqlite3', '--foreground-scripts'], {
      cwd: checkout,
      env: compileEnv,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      maxBuffer: 64 * 1024 * 1024,
    });
    if (status !== 0 || !existsSync(binary)) throw new Error(`better-sqlite3 did not compile:\n${stdout}`);
    cpSync(binary, `${kept}.${process.pid}`);
    renameSync(`${kept}.${process.pid}`, kept);
  }
  rmSync(join(directory, 'build'), { recursive: true, force: true });
  cpSync(kept, binary);
}

function output(command, args, env) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { env, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed: ${error?.message ?? stderr}`);
  return stdout.trim();
}

async function run(args, cwd, env) {
  const child = spawn('npm', args, { cwd, env, stdio: ['ignore', 'inherit', 'inherit'] });
  return await new Promise((done, failed) => child.once('error', failed).once('close', (code) => done(code ?? 1)));
}
